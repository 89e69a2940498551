"""The declared schema: every table of the inventory, once, for SQLite and PostgreSQL alike.

The database is made by the migrations; a test proves that their sum equals this declaration. Ids are UUID texts, times
ISO 8601 texts in UTC (they sort as they read), flags 0/1. ``seq`` is a list's stable order: oldest first.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    text,
)

from trunkline.store import counting

metadata = MetaData()


def _text(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=null, server_default=default)


def _int(name: str, *, null: bool = False, default: str | None = None) -> Column[int]:
    return Column(name, Integer, nullable=null, server_default=default)


def _ref(name: str, target: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, ForeignKey(target), nullable=null)


def _seq() -> Column[int]:
    return Column("seq", Integer, primary_key=True, autoincrement=True)


def _id() -> Column[str]:
    return Column("id", Text, nullable=False, unique=True)


def _index_of_some(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


meta = Table("meta", metadata, Column("key", Text, primary_key=True), _text("value"))

serials = Table("serials", metadata, Column("serial", Text, primary_key=True))
"""Every serial ever given, of any kind of record: 14 digits never name two things."""

accounts = Table(
    "accounts",
    metadata,
    _seq(),
    _id(),
    _ref("parent_id", "accounts.id", null=True),
    Column("code", Text, nullable=False, unique=True),
    _text("name"),
    _text("state"),
    _int("routable"),  # 0 while this account or one above it is not active; written with every change of state
    _text("default_application_id", null=True),
    _int("max_channels", null=True),
    _int("max_cps", null=True),
    _text("created_at"),
    _text("updated_at"),
    _text("default_endpoint_application_id", null=True),
    CheckConstraint("state IN ('active', 'disabled', 'suspended', 'closed')", name="account_state"),
)

account_details = Table(
    "account_details",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    _text("city"),
    _text("address"),
    _text("state"),
    _text("timezone"),
)
"""What an account tells of its holder; a row from the first change on."""

account_ancestors = Table(
    "account_ancestors",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("ancestor_id", Text, ForeignKey("accounts.id"), primary_key=True),
    _int("depth"),
    Index("account_ancestors_up", "ancestor_id", "account_id"),
)
"""The tree's closure: each account with itself (depth 0) and every account above it."""

credentials = Table(
    "credentials",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _ref("carrier_id", "carriers.id", null=True),
    _text("kind"),
    _text("public_id"),
    Column("lookup_hash", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    _text("role"),
    _text("scopes"),
    _text("created_at"),
    _text("revoked_at", null=True),
    _text("realm", null=True),
    Index("credentials_public", "kind", "public_id"),
    Index("credentials_lookup", "kind", "lookup_hash"),
    Index("credentials_account", "account_id", "kind", "public_id"),
    Index("credentials_carrier", "carrier_id"),
)

carriers = Table(
    "carriers",
    metadata,
    _seq(),
    _id(),
    Column("serial", Text, nullable=False, unique=True),
    _ref("account_id", "accounts.id"),
    _text("name"),
    _text("kind"),
    _int("active"),
    _int("voice"),
    _int("sms"),
    _text("called_in"),
    _text("country", null=True),
    _text("strip_prefix", null=True),
    _int("max_channels", null=True),
    _int("max_cps", null=True),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    _int("options_ping", default="0"),
    CheckConstraint("kind IN ('static_ip', 'auth', 'reg')", name="carrier_kind"),
    Index("carriers_account", "account_id", "seq"),
    Index("carriers_kind", "kind", "deleted_at"),
    _index_of_some("carriers_asked", "seq", where="options_ping = 1"),
)

gateways = Table(
    "gateways",
    metadata,
    _seq(),
    _id(),
    _ref("carrier_id", "carriers.id"),
    _int("position"),
    _text("host"),
    _int("prefix", null=True),
    _int("port", null=True),
    _text("transport", null=True),
    _int("inbound"),
    _int("outbound"),
    _int("priority"),
    _int("weight"),
    _int("active"),
    _text("tech_prefix"),
    _text("number_format"),
    _int("emergency"),
    # Of active inbound gateways only, see core/sources.py; a host name has a key, but no range. Addresses that we
    # register at have a range, whether they are inbound or not: calls come from there (core/claims.py).
    _text("source_key", null=True),
    _text("source_low", null=True),
    _text("source_high", null=True),
    _int("options_ping", null=True),
    Index("gateways_carrier", "carrier_id", "position"),
    Index("gateways_source", "source_key", "carrier_id"),
    Index("gateways_range", "source_low", "source_high"),
    _index_of_some("gateways_names", "seq", where="prefix IS NULL"),
    _index_of_some("gateways_asked", "seq", where="options_ping = 1"),
)

mask_lengths = Table(
    "mask_lengths",
    metadata,
    Column("family", Integer, primary_key=True, autoincrement=False),
    Column("prefix", Integer, primary_key=True, autoincrement=False),
)
"""Which mask lengths any gateway ever had: an address is looked up under these only."""

registrations = Table(
    "registrations",
    metadata,
    _seq(),
    _id(),
    Column("carrier_id", Text, ForeignKey("carriers.id"), nullable=False, unique=True),
    _text("username"),
    _text("domain", null=True),
    _text("registrar", null=True),
    _int("registrar_port", null=True),
    _text("registrar_transport", null=True),
    _text("from_user", null=True),
    _text("from_domain", null=True),
    _int("expires_s"),
    Column("contact_token", Text, nullable=False, unique=True),
    _int("any_source"),
    _text("created_at"),
    _text("updated_at"),
)
"""How we register to `reg` carriers; with what we answer their challenges stands in ``credentials``."""


def _webhook(name: str) -> tuple[Column[str], Column[str]]:
    return _text(f"{name}_url", null=True), _text(f"{name}_method")


def _call_hooks() -> list[Column[str]]:
    names = ("answer", "fallback", "hangup", "message", "message_fallback")
    return [column for name in names for column in _webhook(name)]


applications = Table(
    "applications",
    metadata,
    _seq(),
    _id(),
    Column("serial", Text, nullable=False, unique=True),
    _ref("account_id", "accounts.id"),
    _text("name"),
    _text("dialect"),
    _int("active"),
    *_call_hooks(),
    _int("public_uri"),
    _int("log_messages"),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    Index("applications_account", "account_id", "seq"),
)

hooks = Table(
    "hooks",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("dialect"),
    *_call_hooks(),
    _text("created_at"),
    _text("updated_at"),
    Index("hooks_account", "account_id"),
)


def _index_of_given(name: str, column: str) -> Index:
    given = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=given, postgresql_where=given)


trunks = Table(
    "trunks",
    metadata,
    _seq(),
    _id(),
    Column("serial", Text, nullable=False, unique=True),
    _ref("account_id", "accounts.id"),
    _text("name"),
    _text("direction"),
    _int("active"),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    # What an outbound trunk's calls prove themselves by: a source in the list, the login's user name and password.
    _ref("ip_list_id", "ip_lists.id", null=True),
    _ref("login_id", "trunk_logins.id", null=True),
    CheckConstraint("direction IN ('inbound', 'outbound', 'both')", name="trunk_direction"),
    Index("trunks_account", "account_id", "seq"),
    _index_of_given("trunks_ip_list", "ip_list_id"),
    _index_of_given("trunks_login", "login_id"),
)

trunk_uris = Table(
    "trunk_uris",
    metadata,
    _seq(),
    _ref("trunk_id", "trunks.id"),
    _ref("uri_id", "origination_uris.id"),
    _int("position"),
    _int("priority"),
    _int("weight"),
    _int("active"),
    Index("trunk_uris_trunk", "trunk_id", "position"),
    Index("trunk_uris_uri", "uri_id"),
)
"""Which URIs take an inbound trunk's calls, and in what order."""


def _listed_index(name: str, *columns: str, given: str = "kind") -> Index:
    where = " AND ".join(f"{column} IS NOT NULL" for column in dict.fromkeys(("kind", given)))
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


numbers = Table(
    "numbers",
    metadata,
    _seq(),
    _id(),
    _text("e164"),
    _ref("account_id", "accounts.id"),
    _text("status"),
    _ref("trunk_id", "trunks.id", null=True),
    _ref("application_id", "applications.id", null=True),
    _ref("hook_id", "hooks.id", null=True),
    _int("voice"),
    _int("sms"),
    _int("mms"),
    _text("region", null=True),
    _text("country", null=True),
    _text("city", null=True),
    _text("number_type"),
    _text("alias", null=True),
    _text("monthly_rental_rate"),
    _text("voice_rate"),
    _text("sms_rate"),
    _text("mms_rate"),
    _text("renewal_on", null=True),
    _int("cnam_lookup", null=True),
    _text("cnam", null=True),
    _text("campaign_id", null=True),
    _text("campaign_status", null=True),
    _text("toll_free_status", null=True),
    _text("toll_free_verification_id", null=True),
    _text("toll_free_order_status", null=True),
    _text("profile_id", null=True),
    _text("reputation_status", null=True),
    _text("compliance_id", null=True),
    _text("compliance_status", null=True),
    _int("stocked", null=True),
    _text("added_at"),
    _text("updated_at"),
    _text("removed_at", null=True),
    _int("kind", null=True),  # number_kinds.id; of live numbers only
    CheckConstraint("trunk_id IS NULL OR application_id IS NULL", name="number_one_target"),
    CheckConstraint("status IN ('active', 'pending_claim', 'pending_activation', 'inactive')", name="number_status"),
    CheckConstraint("(removed_at IS NULL) = (kind IS NOT NULL)", name="number_live_has_kind"),
    # A live number is unique in the installation.
    Index(
        "numbers_live",
        "e164",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
    # Lists: the numbers of a kind in order, and by what has too many values to be in a kind. They hold all that is
    # asked while numbers are skipped, so that a page reads no more rows than it shows.
    _listed_index("numbers_kind", "kind", "seq", "e164"),
    _listed_index("numbers_prefix", "kind", "e164"),
    _listed_index("numbers_alias", "alias", "kind", "seq", "e164", given="alias"),
    _listed_index("numbers_campaign_id", "campaign_id", "kind", "seq", "e164", given="campaign_id"),
    Index("numbers_application", "application_id"),
    Index("numbers_trunk", "trunk_id"),
    # Few numbers have one: the others are not in the index.
    _index_of_given("numbers_profile", "profile_id"),
    _index_of_given("numbers_compliance", "compliance_id"),
    Index(
        "numbers_renewal",
        "renewal_on",
        sqlite_where=text("removed_at IS NULL AND renewal_on IS NOT NULL"),
        postgresql_where=text("removed_at IS NULL AND renewal_on IS NOT NULL"),
    ),
)

number_carriers = Table(
    "number_carriers",
    metadata,
    Column("number_id", Text, ForeignKey("numbers.id"), primary_key=True),
    Column("carrier_id", Text, ForeignKey("carriers.id"), primary_key=True),
    _int("position"),
    _int("is_primary"),
    Index("number_carriers_carrier", "carrier_id"),
    Index(
        "number_carriers_primary",
        "number_id",
        unique=True,
        sqlite_where=text("is_primary = 1"),
        postgresql_where=text("is_primary = 1"),
    ),
    sqlite_with_rowid=False,  # found by its key in one tree instead of two: every decision reads it
)

number_settings = Table(
    "number_settings",
    metadata,
    Column("number_id", Text, ForeignKey("numbers.id"), primary_key=True),
    _text("document_version"),
    _text("receive_mode"),
    _ref("message_application_id", "applications.id", null=True),
    _int("emergency"),
    _text("emergency_state"),
    _text("emergency_address_id", null=True),
    _text("emergency_at", null=True),
    _text("address_id", null=True),
    _text("identity_id", null=True),
    _text("bundle_id", null=True),
    CheckConstraint("receive_mode IN ('voice', 'fax')", name="number_receive_mode"),
    _index_of_given("number_settings_message", "message_application_id"),
    _index_of_given("number_settings_emergency_address", "emergency_address_id"),
    _index_of_given("number_settings_address", "address_id"),
    Index(
        "number_settings_waiting",
        "emergency_at",
        sqlite_where=text("emergency_state IN ('pending-registration', 'pending-unregistration')"),
        postgresql_where=text("emergency_state IN ('pending-registration', 'pending-unregistration')"),
    ),
)
"""What few numbers have beside what routes their calls; a row from the first of these settings on."""

change_log = Table(
    "change_log",
    metadata,
    _seq(),
    _text("at"),
    _text("actor"),
    _text("account_id"),
    _text("verb"),
    _text("kind"),
    _text("record_id"),
    _text("detail"),
    Index("change_log_account", "account_id", "seq"),
    Index("change_log_record", "kind", "record_id", "seq"),
)
"""The audit trail, and the feed by which an edge on another machine will keep its replica."""

filings = Table(
    "filings",
    metadata,
    Column("number_id", Text, ForeignKey("numbers.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    _text("subject"),
    _text("state"),
    _text("callback_url", null=True),
    _text("callback_method"),
    _text("created_at"),
    _text("updated_at"),
    CheckConstraint("state IN ('pending', 'done', 'failed')", name="filing_state"),
    Index("filings_state", "state", "created_at"),
    Index("filings_subject", "kind", "subject"),
)
"""What was asked for a number and is settled by the operator: a caller name, a campaign, a reputation."""

campaigns = Table(
    "campaigns",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    Column("campaign_id", Text, nullable=False, unique=True),
    _text("alias"),
    _text("usecase"),
    _int("max_numbers"),
    _text("created_at"),
)

profiles = Table(
    "profiles",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("alias"),
    _ref("primary_id", "profiles.id", null=True),
    _text("facts"),
    _text("address"),
    _text("contact"),
    _text("created_at"),
    _text("updated_at"),
    Index("profiles_account", "account_id", "seq"),
)

compliance_applications = Table(
    "compliance_applications",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("alias"),
    _text("status"),
    _text("country"),
    _text("number_type"),
    _text("user_type"),
    _text("end_user"),
    _text("callback_url", null=True),
    _text("callback_method"),
    _text("reason", null=True),
    _text("created_at"),
    _text("updated_at"),
    CheckConstraint("status IN ('submitted', 'accepted', 'rejected')", name="compliance_status"),
    Index("compliance_applications_account", "account_id", "seq"),
)

compliance_documents = Table(
    "compliance_documents",
    metadata,
    _seq(),
    _id(),
    _ref("application_id", "compliance_applications.id"),
    _int("position"),
    _text("type_id"),
    _text("file_name"),
    _text("media_type"),
    _int("size"),
    _text("fields"),
    Column("ciphertext", LargeBinary, nullable=False),  # last, so that what stands before it is read without it
    Index("compliance_documents_application", "application_id", "position"),
)

regulated_kinds = Table(
    "regulated_kinds",
    metadata,
    Column("country", Text, primary_key=True),
    Column("number_type", Text, primary_key=True),
    _int("application", default="0"),
    _text("address", default="none"),
)
"""What numbers of these countries and types need: ``application`` 1, an accepted compliance application, for which they
wait when they are bought; an ``address``, any, local or foreign.
"""

callbacks = Table(
    "callbacks",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("dialect"),
    _text("topic"),
    _text("url"),
    _text("method"),
    _text("facts"),
    _text("state"),
    _int("tries"),
    _text("next_at"),
    _text("outcome"),
    _text("created_at"),
    _text("settled_at", null=True),
    CheckConstraint("state IN ('waiting', 'told', 'failed')", name="callback_state"),
    Index("callbacks_due", "state", "next_at"),
    Index("callbacks_account", "account_id", "state"),
    Index("callbacks_settled", "settled_at"),
)
"""News that applications have yet to be told, and for a while what became of it."""


endpoints = Table(
    "endpoints",
    metadata,
    _seq(),
    _id(),
    Column("serial", Text, nullable=False, unique=True),
    _ref("account_id", "accounts.id"),
    Column("username", Text, nullable=False, unique=True),
    _text("alias"),
    _ref("application_id", "applications.id", null=True),
    _ref("login_id", "credentials.id"),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    Index("endpoints_account", "account_id", "deleted_at", "seq"),
    Index("endpoints_application", "application_id"),
    Index("endpoints_login", "login_id"),
)
"""SIP users; their passwords are credentials of the kind ``sip_endpoint``."""

answers = Table(
    "answers",
    metadata,
    _seq(),
    _ref("account_id", "accounts.id"),
    _text("key"),
    Column("fingerprint", LargeBinary, nullable=False),
    _int("status"),
    Column("body", LargeBinary, nullable=False),
    _text("expires_at"),
    Index("answers_key", "account_id", "key", unique=True),
    Index("answers_account", "account_id", "seq"),
    Index("answers_expiry", "expires_at"),
)
"""What was answered to requests that named themselves by an idempotency key, to be given again."""


def _unrented(name: str, *columns: str) -> Index:
    """Return an index of the stock's numbers that are not rented: of each carrier, in the order of the numbers."""
    where = text("number_id IS NULL")
    return Index(name, "carrier_id", "country", *columns, sqlite_where=where, postgresql_where=where)


stock = Table(
    "stock",
    metadata,
    _seq(),
    Column("e164", Text, nullable=False, unique=True),
    _text("country"),
    _text("number_type"),
    _text("region", null=True),
    _text("city", null=True),
    _text("rate_center", null=True),
    _text("lata", null=True),
    _int("services"),  # voice 1, sms 2, mms 4
    # Rates are null where the tariff says them.
    _text("setup_rate", null=True),
    _text("monthly_rental_rate", null=True),
    _text("voice_rate", null=True),
    _text("sms_rate", null=True),
    _text("mms_rate", null=True),
    _text("restriction", null=True),
    _text("restriction_text", null=True),
    _ref("carrier_id", "carriers.id"),
    _ref("number_id", "numbers.id", null=True),
    _text("free_from"),
    _text("added_at"),
    # What names of places are compared by: no case, single blanks.
    _text("region_key", null=True),
    _text("city_key", null=True),
    _text("rate_center_key", null=True),
    CheckConstraint("number_type IN ('local', 'mobile', 'tollfree', 'national', 'fixed')", name="stock_type"),
    # The first three answer counts alone, without the rows.
    _unrented("stock_country", "e164", "free_from", "services"),
    _unrented("stock_services", "services", "e164", "free_from"),
    _unrented("stock_number_type", "number_type", "e164", "free_from", "services"),
    _unrented("stock_region", "region_key", "e164"),
    _unrented("stock_city", "city_key", "e164"),
    _unrented("stock_rate_center", "rate_center_key", "e164"),
    _unrented("stock_lata", "lata", "e164"),
    # Without the condition SQLite takes this index for "is not rented", and walks all of those.
    Index(
        "stock_number",
        "number_id",
        unique=True,
        sqlite_where=text("number_id IS NOT NULL"),
        postgresql_where=text("number_id IS NOT NULL"),
    ),
)
"""Numbers to buy; `core/stock.py` says what their states are."""


number_kinds = Table(
    "number_kinds",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("account_id"),
    _text("carrier_id"),
    *(_text(name) for name in counting.KINDS),
    _int("numbers"),
    Index("number_kinds_key", "account_id", "carrier_id", *counting.KINDS, unique=True),
)
"""What live numbers of an account can have in common in all that has few values, and how many there are.

Empty stands for null; ``carrier_id`` is the primary carrier's. `counting.Counts` keeps this and the next two tables.
"""

number_stretches = Table(
    "number_stretches",
    metadata,
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("stretch", Integer, primary_key=True, autoincrement=False),
    _int("numbers"),
    sqlite_with_rowid=False,
)
"""How many numbers of a kind there are in a stretch of the list: an offset is found by these."""

number_leads = Table(
    "number_leads",
    metadata,
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("digits", Integer, primary_key=True, autoincrement=False),
    Column("lead", Text, primary_key=True),
    _int("numbers"),
    _int("first_seq"),
    _int("last_seq"),
    sqlite_with_rowid=False,
)
"""How many numbers of a kind begin with the same digits, and between which places in the list they all are."""

event.listen(metadata, "after_create", DDL(counting.GUARD).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]

origination_uris = Table(
    "origination_uris",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("name"),
    _text("uri"),
    _int("authenticates"),
    _text("username", null=True),
    _ref("credential_id", "credentials.id", null=True),
    _int("inline"),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    Index("origination_uris_account", "account_id", "deleted_at", "seq"),
    _index_of_given("origination_uris_credential", "credential_id"),
)
"""SIP URIs that take the calls of one or several trunks.

Their passwords are credentials of the kind ``sip_origination``. ``inline`` ones were made with a trunk and go with it.
"""

trunk_logins = Table(
    "trunk_logins",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("name"),
    _text("username"),
    _ref("credential_id", "credentials.id", null=True),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    _ref("list_id", "login_lists.id", null=True),
    Index("trunk_logins_account", "account_id", "deleted_at", "seq"),
    Index("trunk_logins_username", "username"),
    _index_of_given("trunk_logins_credential", "credential_id"),
    _index_of_given("trunk_logins_list", "list_id"),
)
"""User names by which calls of outbound trunks prove themselves.

Their passwords are credentials of the kind ``sip_trunk``; without one (``credential_id`` null) nobody is admitted.
"""

ip_lists = Table(
    "ip_lists",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("name"),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    Index("ip_lists_account", "account_id", "deleted_at", "seq"),
)

ip_list_entries = Table(
    "ip_list_entries",
    metadata,
    _seq(),
    _ref("list_id", "ip_lists.id"),
    _int("position"),
    _text("host"),
    _int("prefix"),
    _text("source_key"),
    _id(),
    _text("name"),
    _text("created_at"),
    _text("updated_at"),
    Index("ip_list_entries_list", "list_id", "position"),
    Index("ip_list_entries_source", "source_key", "list_id"),
)
"""Networks from which outbound trunks' calls come, found as gateways are: see core/sources.py and `mask_lengths`.

A list that was deleted has none.
"""

login_lists = Table(
    "login_lists",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("name"),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    Index("login_lists_account", "account_id", "deleted_at", "seq"),
)
"""Several logins under one name: a trunk that has the list takes any of them."""


def _lists_of_trunks(name: str, lists: str) -> Table:
    return Table(
        name,
        metadata,
        Column("trunk_id", Text, ForeignKey("trunks.id"), primary_key=True),
        Column("list_id", Text, ForeignKey(f"{lists}.id"), primary_key=True),
        Index(f"{name}_list", "list_id"),
        sqlite_with_rowid=False,
    )


trunk_ip_lists = _lists_of_trunks("trunk_ip_lists", "ip_lists")
"""IP lists of a trunk besides ``trunks.ip_list_id``: any of all these may cover a call's source."""

trunk_login_lists = _lists_of_trunks("trunk_login_lists", "login_lists")
"""Lists of logins of a trunk besides ``trunks.login_id``: any of all these may be proven."""

trunk_settings = Table(
    "trunk_settings",
    metadata,
    Column("trunk_id", Text, ForeignKey("trunks.id"), primary_key=True),
    Column("domain_name", Text, nullable=True, unique=True),
    _text("recovery_url", null=True),
    _text("recovery_method"),
    _text("transfer_mode"),
    _text("transfer_caller_id"),
    _int("caller_names"),
)
"""What is kept of trunks for those dialects that have words for it; a row from the first change on."""

application_details = Table(
    "application_details",
    metadata,
    Column("application_id", Text, ForeignKey("applications.id"), primary_key=True),
    _text("api_version"),
    _int("caller_names"),
    _int("connectable"),
    _text("sms_status_url"),
    _text("message_status_url"),
)
"""What is kept of applications for those dialects that have words for it; a row from the first change on."""

key_names = Table(
    "key_names",
    metadata,
    Column("credential_id", Text, ForeignKey("credentials.id"), primary_key=True),
    _text("name"),
    _text("updated_at"),
)

addresses = Table(
    "addresses",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("name"),
    _text("customer"),
    _text("street"),
    _text("street_secondary"),
    _text("city"),
    _text("region"),
    _text("postal_code"),
    _text("country"),
    _int("emergency"),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    Index("addresses_account", "account_id", "deleted_at", "seq"),
)
"""Postal addresses."""

regulatory_records = Table(
    "regulatory_records",
    metadata,
    _seq(),
    _id(),
    _ref("account_id", "accounts.id"),
    _text("kind"),
    _text("name"),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", null=True),
    CheckConstraint("kind IN ('identity', 'bundle')", name="regulatory_kind"),
    Index("regulatory_records_account", "account_id", "deleted_at", "seq"),
)
"""Identities and bundles of papers that the operator has registered for an account."""
