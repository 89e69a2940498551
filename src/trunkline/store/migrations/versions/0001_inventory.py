"""The first schema: accounts, credentials, carriers, numbers, targets, change log"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trunkline.store import counting

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_LIVE = "removed_at IS NULL"
_LISTED = "kind IS NOT NULL"
_LIVE_INDEXES: tuple[tuple[str, list[str], bool, str], ...] = (
    ("numbers_live", ["e164"], True, _LIVE),
    ("numbers_renewal", ["renewal_on"], False, f"{_LIVE} AND renewal_on IS NOT NULL"),
    ("numbers_kind", ["kind", "seq", "e164"], False, _LISTED),
    ("numbers_prefix", ["kind", "e164"], False, _LISTED),
    ("numbers_alias", ["alias", "kind", "seq", "e164"], False, f"{_LISTED} AND alias IS NOT NULL"),
    ("numbers_campaign_id", ["campaign_id", "kind", "seq", "e164"], False, f"{_LISTED} AND campaign_id IS NOT NULL"),
)


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "accounts",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("routable", sa.Integer(), nullable=False),
        sa.Column("default_application_id", sa.Text(), nullable=True),
        sa.Column("max_channels", sa.Integer(), nullable=True),
        sa.Column("max_cps", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("default_endpoint_application_id", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'disabled', 'suspended', 'closed')", name="account_state"),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "account_details",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "change_log",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("change_log_account", "change_log", ["account_id", "seq"], unique=False)
    op.create_index("change_log_record", "change_log", ["kind", "record_id", "seq"], unique=False)

    op.create_table(
        "mask_lengths",
        sa.Column("family", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prefix", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("family", "prefix"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table("serials", sa.Column("serial", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("serial"))
    op.create_table(
        "account_ancestors",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("ancestor_id", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ancestor_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("account_id", "ancestor_id"),
    )
    op.create_index("account_ancestors_up", "account_ancestors", ["ancestor_id", "account_id"], unique=False)

    op.create_table(
        "applications",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("answer_url", sa.Text(), nullable=True),
        sa.Column("answer_method", sa.Text(), nullable=False),
        sa.Column("fallback_url", sa.Text(), nullable=True),
        sa.Column("fallback_method", sa.Text(), nullable=False),
        sa.Column("hangup_url", sa.Text(), nullable=True),
        sa.Column("hangup_method", sa.Text(), nullable=False),
        sa.Column("message_url", sa.Text(), nullable=True),
        sa.Column("message_method", sa.Text(), nullable=False),
        sa.Column("message_fallback_url", sa.Text(), nullable=True),
        sa.Column("message_fallback_method", sa.Text(), nullable=False),
        sa.Column("public_uri", sa.Integer(), nullable=False),
        sa.Column("log_messages", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("serial"),
    )
    op.create_index("applications_account", "applications", ["account_id", "seq"], unique=False)

    op.create_table(
        "carriers",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("voice", sa.Integer(), nullable=False),
        sa.Column("sms", sa.Integer(), nullable=False),
        sa.Column("called_in", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("strip_prefix", sa.Text(), nullable=True),
        sa.Column("max_channels", sa.Integer(), nullable=True),
        sa.Column("max_cps", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.Text(), nullable=True),
        sa.Column("options_ping", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("kind IN ('static_ip', 'auth', 'reg')", name="carrier_kind"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("serial"),
    )
    op.create_index("carriers_account", "carriers", ["account_id", "seq"], unique=False)
    op.create_index("carriers_kind", "carriers", ["kind", "deleted_at"], unique=False)
    asked = sa.text("options_ping = 1")
    op.create_index("carriers_asked", "carriers", ["seq"], unique=False, sqlite_where=asked, postgresql_where=asked)

    op.create_table(
        "hooks",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("answer_url", sa.Text(), nullable=True),
        sa.Column("answer_method", sa.Text(), nullable=False),
        sa.Column("fallback_url", sa.Text(), nullable=True),
        sa.Column("fallback_method", sa.Text(), nullable=False),
        sa.Column("hangup_url", sa.Text(), nullable=True),
        sa.Column("hangup_method", sa.Text(), nullable=False),
        sa.Column("message_url", sa.Text(), nullable=True),
        sa.Column("message_method", sa.Text(), nullable=False),
        sa.Column("message_fallback_url", sa.Text(), nullable=True),
        sa.Column("message_fallback_method", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("hooks_account", "hooks", ["account_id"], unique=False)

    op.create_table(
        "credentials",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("carrier_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("lookup_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.Text(), nullable=True),
        sa.Column("realm", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"],
            ["carriers.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("credentials_account", "credentials", ["account_id", "kind", "public_id"], unique=False)
    op.create_index("credentials_carrier", "credentials", ["carrier_id"], unique=False)
    op.create_index("credentials_lookup", "credentials", ["kind", "lookup_hash"], unique=False)
    op.create_index("credentials_public", "credentials", ["kind", "public_id"], unique=False)

    op.create_table(
        "gateways",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("carrier_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Integer(), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("transport", sa.Text(), nullable=True),
        sa.Column("inbound", sa.Integer(), nullable=False),
        sa.Column("outbound", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("tech_prefix", sa.Text(), nullable=False),
        sa.Column("number_format", sa.Text(), nullable=False),
        sa.Column("emergency", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("source_low", sa.Text(), nullable=True),
        sa.Column("source_high", sa.Text(), nullable=True),
        sa.Column("options_ping", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["carrier_id"],
            ["carriers.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("gateways_carrier", "gateways", ["carrier_id", "position"], unique=False)
    op.create_index("gateways_range", "gateways", ["source_low", "source_high"], unique=False)
    op.create_index("gateways_source", "gateways", ["source_key", "carrier_id"], unique=False)
    names = sa.text("prefix IS NULL")
    op.create_index("gateways_names", "gateways", ["seq"], unique=False, sqlite_where=names, postgresql_where=names)
    op.create_index("gateways_asked", "gateways", ["seq"], unique=False, sqlite_where=asked, postgresql_where=asked)

    _add_trunks()

    op.create_table(
        "numbers",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("e164", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("trunk_id", sa.Text(), nullable=True),
        sa.Column("application_id", sa.Text(), nullable=True),
        sa.Column("hook_id", sa.Text(), nullable=True),
        sa.Column("voice", sa.Integer(), nullable=False),
        sa.Column("sms", sa.Integer(), nullable=False),
        sa.Column("mms", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("number_type", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=True),
        sa.Column("monthly_rental_rate", sa.Text(), nullable=False),
        sa.Column("voice_rate", sa.Text(), nullable=False),
        sa.Column("sms_rate", sa.Text(), nullable=False),
        sa.Column("mms_rate", sa.Text(), nullable=False),
        sa.Column("renewal_on", sa.Text(), nullable=True),
        sa.Column("cnam_lookup", sa.Integer(), nullable=True),
        sa.Column("cnam", sa.Text(), nullable=True),
        sa.Column("campaign_id", sa.Text(), nullable=True),
        sa.Column("campaign_status", sa.Text(), nullable=True),
        sa.Column("toll_free_status", sa.Text(), nullable=True),
        sa.Column("toll_free_verification_id", sa.Text(), nullable=True),
        sa.Column("toll_free_order_status", sa.Text(), nullable=True),
        sa.Column("profile_id", sa.Text(), nullable=True),
        sa.Column("reputation_status", sa.Text(), nullable=True),
        sa.Column("compliance_id", sa.Text(), nullable=True),
        sa.Column("compliance_status", sa.Text(), nullable=True),
        sa.Column("stocked", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.Text(), nullable=True),
        sa.Column("kind", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "status IN ('active', 'pending_claim', 'pending_activation', 'inactive')", name="number_status"
        ),
        sa.CheckConstraint("trunk_id IS NULL OR application_id IS NULL", name="number_one_target"),
        sa.CheckConstraint("(removed_at IS NULL) = (kind IS NOT NULL)", name="number_live_has_kind"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.ForeignKeyConstraint(
            ["hook_id"],
            ["hooks.id"],
        ),
        sa.ForeignKeyConstraint(
            ["trunk_id"],
            ["trunks.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("numbers_application", "numbers", ["application_id"], unique=False)
    for name, columns, unique, where in _LIVE_INDEXES:
        op.create_index(
            name, "numbers", columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.create_index("numbers_trunk", "numbers", ["trunk_id"], unique=False)
    for name in ("profile", "compliance"):
        given = sa.text(f"{name}_id IS NOT NULL")
        op.create_index(
            f"numbers_{name}", "numbers", [f"{name}_id"], unique=False, sqlite_where=given, postgresql_where=given
        )

    op.create_table(
        "number_carriers",
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("carrier_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_primary", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"],
            ["carriers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["number_id"],
            ["numbers.id"],
        ),
        sa.PrimaryKeyConstraint("number_id", "carrier_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("number_carriers_carrier", "number_carriers", ["carrier_id"], unique=False)
    op.create_index(
        "number_carriers_primary",
        "number_carriers",
        ["number_id"],
        unique=True,
        sqlite_where=sa.text("is_primary = 1"),
        postgresql_where=sa.text("is_primary = 1"),
    )

    op.create_table(
        "registrations",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("carrier_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("registrar", sa.Text(), nullable=True),
        sa.Column("registrar_port", sa.Integer(), nullable=True),
        sa.Column("registrar_transport", sa.Text(), nullable=True),
        sa.Column("from_user", sa.Text(), nullable=True),
        sa.Column("from_domain", sa.Text(), nullable=True),
        sa.Column("expires_s", sa.Integer(), nullable=False),
        sa.Column("contact_token", sa.Text(), nullable=False),
        sa.Column("any_source", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"],
            ["carriers.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("carrier_id"),
        sa.UniqueConstraint("contact_token"),
        sa.UniqueConstraint("id"),
    )

    _add_stock()
    _add_regulated()
    _add_counting()
    _add_endpoints()
    _add_answers()
    _add_number_settings()
    _add_named()


def _add_regulated() -> None:
    op.create_table(
        "filings",
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("callback_method", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'done', 'failed')", name="filing_state"),
        sa.ForeignKeyConstraint(
            ["number_id"],
            ["numbers.id"],
        ),
        sa.PrimaryKeyConstraint("number_id", "kind"),
    )
    op.create_index("filings_state", "filings", ["state", "created_at"], unique=False)
    op.create_index("filings_subject", "filings", ["kind", "subject"], unique=False)

    op.create_table(
        "campaigns",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("usecase", sa.Text(), nullable=False),
        sa.Column("max_numbers", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("campaign_id"),
    )

    op.create_table(
        "profiles",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("primary_id", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["primary_id"],
            ["profiles.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("profiles_account", "profiles", ["account_id", "seq"], unique=False)

    op.create_table(
        "compliance_applications",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("number_type", sa.Text(), nullable=False),
        sa.Column("user_type", sa.Text(), nullable=False),
        sa.Column("end_user", sa.Text(), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("callback_method", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('submitted', 'accepted', 'rejected')", name="compliance_status"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("compliance_applications_account", "compliance_applications", ["account_id", "seq"], unique=False)

    op.create_table(
        "compliance_documents",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["compliance_applications.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "compliance_documents_application", "compliance_documents", ["application_id", "position"], unique=False
    )

    op.create_table(
        "regulated_kinds",
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("number_type", sa.Text(), nullable=False),
        sa.Column("application", sa.Integer(), server_default="0", nullable=False),
        sa.Column("address", sa.Text(), server_default="none", nullable=False),
        sa.PrimaryKeyConstraint("country", "number_type"),
    )

    op.create_table(
        "callbacks",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'told', 'failed')", name="callback_state"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("callbacks_account", "callbacks", ["account_id", "state"], unique=False)
    op.create_index("callbacks_due", "callbacks", ["state", "next_at"], unique=False)
    op.create_index("callbacks_settled", "callbacks", ["settled_at"], unique=False)


def _add_stock() -> None:
    op.create_table(
        "stock",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("e164", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("number_type", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("rate_center", sa.Text(), nullable=True),
        sa.Column("lata", sa.Text(), nullable=True),
        sa.Column("services", sa.Integer(), nullable=False),
        sa.Column("setup_rate", sa.Text(), nullable=True),
        sa.Column("monthly_rental_rate", sa.Text(), nullable=True),
        sa.Column("voice_rate", sa.Text(), nullable=True),
        sa.Column("sms_rate", sa.Text(), nullable=True),
        sa.Column("mms_rate", sa.Text(), nullable=True),
        sa.Column("restriction", sa.Text(), nullable=True),
        sa.Column("restriction_text", sa.Text(), nullable=True),
        sa.Column("carrier_id", sa.Text(), nullable=False),
        sa.Column("number_id", sa.Text(), nullable=True),
        sa.Column("free_from", sa.Text(), nullable=False),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.Column("region_key", sa.Text(), nullable=True),
        sa.Column("city_key", sa.Text(), nullable=True),
        sa.Column("rate_center_key", sa.Text(), nullable=True),
        sa.CheckConstraint("number_type IN ('local', 'mobile', 'tollfree', 'national', 'fixed')", name="stock_type"),
        sa.ForeignKeyConstraint(
            ["carrier_id"],
            ["carriers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["number_id"],
            ["numbers.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("e164"),
    )
    for name, columns in (
        ("stock_country", ["e164", "free_from", "services"]),
        ("stock_services", ["services", "e164", "free_from"]),
        ("stock_number_type", ["number_type", "e164", "free_from", "services"]),
        ("stock_region", ["region_key", "e164"]),
        ("stock_city", ["city_key", "e164"]),
        ("stock_rate_center", ["rate_center_key", "e164"]),
        ("stock_lata", ["lata", "e164"]),
    ):
        op.create_index(
            name,
            "stock",
            ["carrier_id", "country", *columns],
            unique=False,
            sqlite_where=sa.text("number_id IS NULL"),
            postgresql_where=sa.text("number_id IS NULL"),
        )
    op.create_index(
        "stock_number",
        "stock",
        ["number_id"],
        unique=True,
        sqlite_where=sa.text("number_id IS NOT NULL"),
        postgresql_where=sa.text("number_id IS NOT NULL"),
    )


def _add_counting() -> None:
    names = ["account_id", "carrier_id", *counting.KINDS]
    op.create_table(
        "number_kinds",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in names),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("number_kinds_key", "number_kinds", names, unique=True)
    op.create_table(
        "number_stretches",
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stretch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "stretch"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "number_leads",
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digits", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digits", "lead"),
        sqlite_with_rowid=False,
    )
    op.execute(counting.GUARD)


def _add_endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=True),
        sa.Column("login_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.ForeignKeyConstraint(
            ["login_id"],
            ["credentials.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("serial"),
        sa.UniqueConstraint("username"),
    )
    op.create_index("endpoints_account", "endpoints", ["account_id", "deleted_at", "seq"], unique=False)
    op.create_index("endpoints_application", "endpoints", ["application_id"], unique=False)
    op.create_index("endpoints_login", "endpoints", ["login_id"], unique=False)


def _add_trunks() -> None:
    _add_of_account(
        "origination_uris",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("authenticates", sa.Integer(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("credential_id", sa.Text(), nullable=True),
        sa.Column("inline", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials.id"]),
    )
    _add_of_account("login_lists", sa.Column("name", sa.Text(), nullable=False))
    _add_of_account(
        "trunk_logins",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=True),
        sa.Column("list_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials.id"]),
        sa.ForeignKeyConstraint(["list_id"], ["login_lists.id"]),
    )
    _add_index_of_given("trunk_logins_list", "trunk_logins", "list_id")
    op.create_index("trunk_logins_username", "trunk_logins", ["username"], unique=False)
    _add_of_account("ip_lists", sa.Column("name", sa.Text(), nullable=False))
    for table in ("origination_uris", "trunk_logins", "ip_lists", "login_lists"):
        op.create_index(f"{table}_account", table, ["account_id", "deleted_at", "seq"], unique=False)
    for table in ("origination_uris", "trunk_logins"):
        _add_index_of_given(f"{table}_credential", table, "credential_id")
    op.create_table(
        "ip_list_entries",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["ip_lists.id"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ip_list_entries_list", "ip_list_entries", ["list_id", "position"], unique=False)
    op.create_index("ip_list_entries_source", "ip_list_entries", ["source_key", "list_id"], unique=False)
    _add_of_account(
        "trunks",
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("ip_list_id", sa.Text(), nullable=True),
        sa.Column("login_id", sa.Text(), nullable=True),
        sa.CheckConstraint("direction IN ('inbound', 'outbound', 'both')", name="trunk_direction"),
        sa.ForeignKeyConstraint(["ip_list_id"], ["ip_lists.id"]),
        sa.ForeignKeyConstraint(["login_id"], ["trunk_logins.id"]),
        sa.UniqueConstraint("serial"),
    )
    op.create_index("trunks_account", "trunks", ["account_id", "seq"], unique=False)
    _add_index_of_given("trunks_ip_list", "trunks", "ip_list_id")
    _add_index_of_given("trunks_login", "trunks", "login_id")
    op.create_table(
        "trunk_uris",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("trunk_id", sa.Text(), nullable=False),
        sa.Column("uri_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["trunk_id"], ["trunks.id"]),
        sa.ForeignKeyConstraint(["uri_id"], ["origination_uris.id"]),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("trunk_uris_trunk", "trunk_uris", ["trunk_id", "position"], unique=False)
    op.create_index("trunk_uris_uri", "trunk_uris", ["uri_id"], unique=False)


def _add_of_account(table: str, *own: sa.schema.SchemaItem) -> None:
    """Make a table of records of accounts, which leave by ``deleted_at``."""
    op.create_table(
        table,
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.Text(), nullable=True),
        *own,
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )


def _add_index_of_given(name: str, table: str, column: str) -> None:
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column], unique=False, sqlite_where=given, postgresql_where=given)


def _add_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("answers_key", "answers", ["account_id", "key"], unique=True)
    op.create_index("answers_account", "answers", ["account_id", "seq"])
    op.create_index("answers_expiry", "answers", ["expires_at"])


def _add_number_settings() -> None:
    op.create_table(
        "number_settings",
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("document_version", sa.Text(), nullable=False),
        sa.Column("receive_mode", sa.Text(), nullable=False),
        sa.Column("message_application_id", sa.Text(), nullable=True),
        sa.Column("emergency", sa.Integer(), nullable=False),
        sa.Column("emergency_state", sa.Text(), nullable=False),
        sa.Column("emergency_address_id", sa.Text(), nullable=True),
        sa.Column("emergency_at", sa.Text(), nullable=True),
        sa.Column("address_id", sa.Text(), nullable=True),
        sa.Column("identity_id", sa.Text(), nullable=True),
        sa.Column("bundle_id", sa.Text(), nullable=True),
        sa.CheckConstraint("receive_mode IN ('voice', 'fax')", name="number_receive_mode"),
        sa.ForeignKeyConstraint(["message_application_id"], ["applications.id"]),
        sa.ForeignKeyConstraint(["number_id"], ["numbers.id"]),
        sa.PrimaryKeyConstraint("number_id"),
    )
    _add_index_of_given("number_settings_message", "number_settings", "message_application_id")
    _add_index_of_given("number_settings_emergency_address", "number_settings", "emergency_address_id")
    _add_index_of_given("number_settings_address", "number_settings", "address_id")
    waiting = sa.text("emergency_state IN ('pending-registration', 'pending-unregistration')")
    op.create_index(
        "number_settings_waiting",
        "number_settings",
        ["emergency_at"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _add_named() -> None:
    """Make what records of several dialects name: lists of trunks, settings, addresses, papers."""
    for table, lists in (("trunk_ip_lists", "ip_lists"), ("trunk_login_lists", "login_lists")):
        op.create_table(
            table,
            sa.Column("trunk_id", sa.Text(), nullable=False),
            sa.Column("list_id", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(["trunk_id"], ["trunks.id"]),
            sa.ForeignKeyConstraint(["list_id"], [f"{lists}.id"]),
            sa.PrimaryKeyConstraint("trunk_id", "list_id"),
            sqlite_with_rowid=False,
        )
        op.create_index(f"{table}_list", table, ["list_id"], unique=False)
    op.create_table(
        "trunk_settings",
        sa.Column("trunk_id", sa.Text(), nullable=False),
        sa.Column("domain_name", sa.Text(), nullable=True),
        sa.Column("recovery_url", sa.Text(), nullable=True),
        sa.Column("recovery_method", sa.Text(), nullable=False),
        sa.Column("transfer_mode", sa.Text(), nullable=False),
        sa.Column("transfer_caller_id", sa.Text(), nullable=False),
        sa.Column("caller_names", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["trunk_id"], ["trunks.id"]),
        sa.PrimaryKeyConstraint("trunk_id"),
        sa.UniqueConstraint("domain_name"),
    )
    op.create_table(
        "application_details",
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("caller_names", sa.Integer(), nullable=False),
        sa.Column("connectable", sa.Integer(), nullable=False),
        sa.Column("sms_status_url", sa.Text(), nullable=False),
        sa.Column("message_status_url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"]),
        sa.PrimaryKeyConstraint("application_id"),
    )
    op.create_table(
        "key_names",
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials.id"]),
        sa.PrimaryKeyConstraint("credential_id"),
    )
    texts = ("name", "customer", "street", "street_secondary", "city", "region", "postal_code", "country")
    _add_of_account(
        "addresses",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("emergency", sa.Integer(), nullable=False),
    )
    _add_of_account(
        "regulatory_records",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('identity', 'bundle')", name="regulatory_kind"),
    )
    for table in ("addresses", "regulatory_records"):
        op.create_index(f"{table}_account", table, ["account_id", "deleted_at", "seq"], unique=False)
