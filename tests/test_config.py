"""Settings: where they come from, which wins, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.config import (
    DIGEST_ALGORITHMS,
    CnamSettings,
    ConfigError,
    HttpSettings,
    Settings,
    SipSettings,
    address,
    load,
    nameserver,
)
from trunkline.sip.digest import ALGORITHMS
from trunkline.supervisor import _environment


def test_defaults_are_a_lab_on_loopback() -> None:
    settings = load(None, {})
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.sip.listeners == (("udp", "127.0.0.1", 5060), ("tcp", "127.0.0.1", 5060))
    assert settings.lab_mode


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "trunkline.toml"
    table = '[sip]\nlisten = ["192.0.2.1:5070"]\nstealth = true\ndomains = ["a.example", "b.example"]\n'
    file.write_text(f"lab = false\n{table}")
    settings = load(file, {"TRUNKLINE_SIP_LISTEN": "udp:127.0.0.1:5071,tcp:[::1]:5072", "TRUNKLINE_SIP_T1": "0.05"})
    assert settings.sip.listeners == (("udp", "127.0.0.1", 5071), ("tcp", "::1", 5072))
    assert settings.sip.t1 == 0.05
    assert settings.sip.stealth
    assert settings.sip.domains == ("a.example", "b.example")
    assert not settings.lab_mode


@pytest.mark.parametrize(
    ("text", "environ", "says"),
    [
        ("[sipp]\n", {}, r"no part \[sipp\]"),
        ("[sip]\nprot = 1\n", {}, "sip.prot is not a setting"),
        ('[sip]\nt1 = "much"\n', {}, "sip.t1 is a number"),
        ('[sip]\nkeep_messages_mb = "much"\n', {}, "sip.keep_messages_mb is a number"),
        ("", {"TRUNKLINE_SIP_STEALTH": "perhaps"}, "true or false"),
        ("[sip\n", {}, "trunkline.toml"),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, text: str, environ: dict[str, str], says: str) -> None:
    file = tmp_path / "trunkline.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says):
        load(file, environ)


@pytest.mark.parametrize("workers", [0, -1, 33])
def test_workers_are_few(workers: int) -> None:
    with pytest.raises(ConfigError, match="workers is 1 to 32"):
        Settings(sip=SipSettings(workers=workers)).checked()
    with pytest.raises(ConfigError, match="at least one for each of the 3 workers"):
        Settings(sip=SipSettings(workers=3, max_calls=2)).checked()


@pytest.mark.parametrize("workers", [1, 2, 7, 32])
def test_workers_share_what_an_installation_may_have(workers: int) -> None:
    whole = SipSettings(workers=workers, max_calls=100, max_connections=90, unknown_per_s=20)
    shares = [whole.share(worker) for worker in range(workers)]
    assert sum(share.max_calls for share in shares) == 100
    assert sum(share.max_connections for share in shares) == 90
    assert 20 <= sum(share.unknown_per_s for share in shares) <= max(20, workers)
    assert min(share.unknown_per_s for share in shares) >= 1
    assert SipSettings(workers=workers, unknown_per_s=0).share(0).unknown_per_s == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("RATE_REQUESTS", "-1"),
            ("RATE_SECONDS", "0"),
            ("RATE_SECONDS", "nan"),
            ("RATE_SECONDS", "1e9"),
            ("HOST", "x"),
        ),
        *(("IDEMPOTENCY_TTL_S", "0"), ("IDEMPOTENCY_TTL_S", "2592001")),
    ],
)
def test_a_wrong_setting_of_the_http_door_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"http.{name.lower()}"):
        load(None, {f"TRUNKLINE_HTTP_{name}": value}).checked()


def test_lab_mode_only_while_every_door_is_on_loopback() -> None:
    public = SipSettings(listen=("192.0.2.1:5060",))
    assert not Settings(sip=public).lab_mode
    with pytest.raises(ConfigError, match="loopback"):
        Settings(lab=True, sip=public).checked()
    with pytest.raises(ConfigError, match="not an IP address"):
        Settings(sip=SipSettings(listen=("example.com:5060",))).checked()


@pytest.mark.parametrize("offered", ["", "SHA-512-256", "MD5,md5", "MD5,MD5"])
def test_digest_algorithms_are_those_that_are_known(offered: str) -> None:
    assert DIGEST_ALGORITHMS == ALGORITHMS
    with pytest.raises(ConfigError, match=r"digest_algorithms names one or more of SHA-256, MD5"):
        load(None, {"TRUNKLINE_SIP_DIGEST_ALGORITHMS": offered}).checked()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:8080", ("127.0.0.1", 8080)), ("[::1]:0", ("::1", 0))],
)
def test_address(text: str, expected: tuple[str, int]) -> None:
    assert address(text, "--http") == expected


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ""])
def test_address_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--http is HOST:PORT"):
        address(text, "--http")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[::1]:5353", ("::1", 5353)),
    ],
)
def test_name_server(text: str, expected: tuple[str, int]) -> None:
    assert nameserver(text) == expected
    settings = load(None, {"TRUNKLINE_SIP_NAMESERVERS": f"{text}, 192.0.2.54"}).checked()
    assert settings.sip.nameservers == (text, "192.0.2.54")


@pytest.mark.parametrize(
    "text", ["ns.example", "192.0.2.53:0", "192.0.2.53:x", "[::1]", "0.0.0.0", "::", "192.0.2.53:99999"]
)
def test_name_server_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="name server"):
        Settings(sip=SipSettings(nameservers=("192.0.2.1", text))).checked()


def test_which_messages_are_kept() -> None:
    settings = load(None, {})
    assert [settings.sip.messages_kept(lab=lab) for lab in (True, False)] == ["all", "failed"]
    said = load(None, {"TRUNKLINE_SIP_KEEP_MESSAGES": "none", "TRUNKLINE_SIP_KEEP_MESSAGES_MB": "1"}).checked()
    assert said.sip.messages_kept(lab=True) == "none"
    for wrong in (SipSettings(keep_messages="some"), SipSettings(keep_messages_mb=0)):
        with pytest.raises(ConfigError, match="keep_messages"):
            wrong.check()


def test_child_processes_get_the_very_same_settings(tmp_path: Path) -> None:
    file = tmp_path / "trunkline.toml"
    file.write_text(
        "lab = true\n[http]\nrate_seconds = 2.5\n[sip]\nt1 = 0.1\n[hooks]\nallow_private = true\n[numbers]\n"
        'quarantine_days = 7.5\n[cnam]\nurl = "https://names.example/v1/{number}?key=a%2Cb"\nkeep_entries = 7\n'
    )
    settings = load(file, {"TRUNKLINE_DATA": str(tmp_path)})
    assert load(None, _environment(settings)) == settings


ASKED = "https://names.example/v1?number={number}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        ASKED,
        "http://user:pass@10.1.2.3:8080/{number}",
        "http://[fd12::1]/v1/{number}.json",
        "http://127.0.0.1:1/{number}",
    ],
)
def test_name_service(url: str) -> None:
    assert Settings(cnam=CnamSettings(url=url)).checked().cnam.url == url


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (CnamSettings(url="https://names.example/v1"), "{number} after the host"),
        (CnamSettings(url="https://{number}.example/v1"), "{number} after the host"),
        (CnamSettings(url="https://{number}.example/{number}"), "{number} after the host"),
        (CnamSettings(url="https://names.example/#{number}"), "{number} after the host"),
        (CnamSettings(url="ftp://names.example/{number}"), "cnam.url is like"),
        (CnamSettings(url="/v1/{number}"), "cnam.url is like"),
        (CnamSettings(url="https://[::1/{number}"), "is no URL"),
        (CnamSettings(url="https://names.example:port/{number}"), "is no URL"),
        (CnamSettings(url="https://names.example/a b/{number}"), "neither blanks"),
        (CnamSettings(url="https://names.example/\u00e9/{number}"), "neither blanks"),
        (CnamSettings(url="https://names.example/{number}#ct=1"), "neither blanks"),
        (CnamSettings(url="http://169.254.169.254/{number}"), "link-local"),
        (CnamSettings(url="http://[::ffff:169.254.169.254]/{number}"), "link-local"),
        (CnamSettings(url="http://0.0.0.0/{number}"), "unspecified"),
        (CnamSettings(timeout_s=0.0), "cnam.timeout_s is 0.1 to 5"),
        (CnamSettings(timeout_s=5.1), "cnam.timeout_s is 0.1 to 5"),
        (CnamSettings(timeout_s=float("nan")), "cnam.timeout_s"),
        (CnamSettings(keep_s=-1), "cnam.keep_s"),
        (CnamSettings(keep_none_s=float("inf")), "cnam.keep_none_s"),
        (CnamSettings(keep_entries=0), "cnam.keep_entries is 1 to 1000000"),
        (CnamSettings(rest_s=3601), "cnam.rest_s"),
    ],
)
def test_a_wrong_setting_of_the_name_service_is_named(settings: CnamSettings, says: str) -> None:
    with pytest.raises(ConfigError, match=says.replace("{", r"\{")):
        Settings(cnam=settings).checked()


def test_a_name_service_on_loopback_in_lab_mode_only() -> None:
    wide = HttpSettings(host="192.0.2.1")
    Settings(http=wide, cnam=CnamSettings(url="http://10.0.0.7/{number}")).checked()
    with pytest.raises(ConfigError, match=r"leads to 127\.0\.0\.1, which is loopback"):
        Settings(http=wide, cnam=CnamSettings(url="http://127.0.0.1:8000/{number}")).checked()
