"""The names of every operation's arguments, for the OpenAPI document. A test holds them to what `requests` reads."""

from __future__ import annotations

_WINDOW = ("limit", "offset", "after")
_OWNER = ("subaccount", "sub_account")
_CARRIER = ("name", "ip_set")
_APPLICATION = (
    *("app_name", "answer_url", "answer_method", "fallback_answer_url", "fallback_method"),
    *("hangup_url", "hangup_method", "message_url", "message_method"),
    *("default_number_app", "default_endpoint_app", "public_uri", "log_incoming_messages", *_OWNER),
)
_SUBACCOUNT = ("name", "enabled")
_PROFILE = (
    *("profile_alias", "customer_type", "entity_type", "company_name", "ein", "ein_issuing_country", "vertical"),
    *("website", "doing_business_as", "stock_symbol", "stock_exchange", "alt_business_id", "alt_business_id_type"),
    *("business_contact_email", "address", "authorized_contact"),
)
_COMPLIANCE = (
    *("alias", "country_iso", "number_type", "end_user", "documents", "callback_url", "callback_method", "data"),
)
_TRUNK = (
    *("name", "trunk_direction", "trunk_status", "secure"),
    *("ipacl_uuid", "credential_uuid", "primary_uri_uuid", "fallback_uri_uuid"),
)
_URI = ("name", "uri", "authentication_needed", "username", "password")
_CREDENTIAL = ("name", "username", "password", "Password")
_IP_LIST = ("name", "ip_addresses")

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "create_carrier": _CARRIER,
    "list_carriers": ("name", *_WINDOW),
    "get_carrier": (),
    "update_carrier": _CARRIER,
    "delete_carrier": (),
    "add_numbers": ("numbers", "carrier", "region", "number_type", "app_id", *_OWNER),
    "list_numbers": (
        *("type", "number_type", "number_startswith", "alias", "services", "cnam_lookup", *_OWNER),
        *("renewal_date", "renewal_date__gt", "renewal_date__gte", "renewal_date__lt", "renewal_date__lte"),
        *("tendlc_registration_status", "tendlc_campaign_id"),
        *("toll_free_sms_verification", "toll_free_sms_verification_order_status", "object_type", "object_id"),
        *_WINDOW,
    ),
    "get_number": (),
    "update_number": (
        *("app_id", "alias", *_OWNER, "cnam", "cnam_callback_url", "cnam_callback_method", "cnam_lookup"),
        *("caller_reputation", "profile_uuid", "caller_reputation_callback_url", "caller_reputation_callback_method"),
        *("compliance_application_id", "verification_info"),
    ),
    "delete_number": (),
    "create_application": _APPLICATION,
    "list_applications": ("app_name", *_OWNER, *_WINDOW),
    "get_application": (),
    "update_application": _APPLICATION,
    "delete_application": ("cascade", "new_endpoint_application"),
    "get_account": (),
    "update_account": ("name", "city", "address", "state", "timezone"),
    "create_subaccount": _SUBACCOUNT,
    "list_subaccounts": _WINDOW,
    "get_subaccount": (),
    "update_subaccount": _SUBACCOUNT,
    "delete_subaccount": ("cascade",),
    "search_numbers": (
        *("country_iso", "type", "pattern", "region", "services", "lata", "rate_center", "city", "npanxx"),
        *("local_calling_area", "eligible", *_WINDOW),
    ),
    "buy_number": (
        *("app_id", "cnam_lookup", "ha_enable", "ha_enabled", "verification_info", "compliance_application_id"),
    ),
    "link_numbers": ("numbers", "url", "method"),
    "list_campaign_numbers": _WINDOW,
    "get_campaign_number": (),
    "unlink_number": (),
    "create_profile": (*_PROFILE, "plivo_subaccount"),
    "list_profiles": _WINDOW,
    "get_profile": (),
    "update_profile": _PROFILE,
    "delete_profile": (),
    "create_compliance": _COMPLIANCE,
    "list_compliance": ("status", "country_iso", "number_type", "user_type", "alias", "expand", *_WINDOW),
    "get_compliance": ("expand",),
    "update_compliance": _COMPLIANCE,
    "delete_compliance": (),
    "link_compliance": ("numbers",),
    "create_endpoint": ("username", "password", "alias", "app_id"),
    "list_endpoints": (*_OWNER, *_WINDOW),
    "get_endpoint": (),
    "update_endpoint": ("password", "alias", "app_id"),
    "delete_endpoint": (),
    "create_trunk": _TRUNK,
    "list_trunks": (*_TRUNK, "trunk_id", "trunk_domain", *_WINDOW),
    "get_trunk": (),
    "update_trunk": _TRUNK,
    "delete_trunk": (),
    "create_uri": _URI,
    "list_uris": ("uri_uuid", "name", "uri", "authentication_needed", "username", *_WINDOW),
    "get_uri": (),
    "update_uri": _URI,
    "delete_uri": (),
    "create_credential": _CREDENTIAL,
    "list_credentials": ("credential_uuid", "name", "username", *_WINDOW),
    "get_credential": (),
    "update_credential": _CREDENTIAL,
    "delete_credential": (),
    "create_ip_list": _IP_LIST,
    "list_ip_lists": ("ipacl_uuid", *_IP_LIST, *_WINDOW),
    "get_ip_list": (),
    "update_ip_list": _IP_LIST,
    "delete_ip_list": (),
    "list_campaigns": ("brand_id", "usecase", "registration_status", "campaign_source", *_WINDOW),
    "get_campaign": (),
    "get_requirements": ("country_iso", "number_type", "user_type"),
}
"""By the handler's name."""
