"""Settings from the environment, and what production refuses."""

import base64

import pytest

from portal.config import ConfigurationError, Mode, Settings, parse_encryption_keys

SECRET = "p8Vt2mYq-4Zr7Kx1Lw9Ns3Hd6Fb5Gc0J"
KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": SECRET,
    "PORTAL_ENCRYPTION_KEYS": f"k1:{KEY}",
    "DATABASE_URL": "postgresql://portal@db/portal",
    "REDIS_URL": "redis://cache/0",
}


def test_production_starts_with_everything_given_and_without_stripe() -> None:
    settings = Settings.from_environment(PRODUCTION)
    assert settings.mode is Mode.PRODUCTION
    assert settings.session_cookie_secure
    assert settings.sandbox_url == ""
    assert settings.stripe_secret_key == ""
    assert settings.database_url == "postgresql+psycopg://portal@db/portal"
    assert settings.database_owner_url == settings.database_url


def test_an_environment_that_says_nothing_is_production() -> None:
    settings = Settings.from_environment({name: value for name, value in PRODUCTION.items() if name != "PORTAL_ENV"})
    assert settings.is_production


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is not set"),
        ("SECRET_KEY", SECRET[:31], "SECRET_KEY is too short"),
        ("SECRET_KEY", "a" * 40, "SECRET_KEY is a placeholder"),
        ("SECRET_KEY", "change-me-" + SECRET, "SECRET_KEY is a placeholder"),
        ("SECRET_KEY", "for-tests-only-" + "0" * 32, "SECRET_KEY is a placeholder"),
        ("PORTAL_ENCRYPTION_KEYS", "", "PORTAL_ENCRYPTION_KEYS is not set"),
        ("PORTAL_ENCRYPTION_KEYS", KEY, "must be a list of id:key"),
        ("PORTAL_ENCRYPTION_KEYS", "k1:" + base64.b64encode(b"short").decode(), "with keys of 32 bytes in base64"),
        ("PORTAL_ENCRYPTION_KEYS", "k1:" + base64.b64encode(bytes(32)).decode(), "holds a placeholder"),
        ("PORTAL_ENCRYPTION_KEYS", f"k1:{KEY},k1:{OTHER_KEY}", "names the same key id twice"),
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("PLATFORM_CURRENCY", "won", "must be a currency's code such as KRW"),
        ("PLATFORM_CURRENCY", "PTS", "must be a currency's code such as KRW"),
        ("FX_FEED_URL", "ftp://bank.example/rates", "FX_FEED_URL must begin with https://"),
        ("FX_FEED_URL", "http://bank.example/rates", "FX_FEED_URL must begin with https://"),
        ("DATABASE_URL", "sqlite:///portal.db", "DATABASE_URL must begin with postgresql://"),
        ("REDIS_URL", "", "REDIS_URL is not set"),
        ("PORT", "eighty", "PORT must be a whole number above zero, not 'eighty'"),
        ("PORT", "70000", "PORT must be a port between 1 and 65535"),
        ("WEB_WORKERS", "0", "WEB_WORKERS must be a whole number above zero"),
        ("SESSION_COOKIE_SECURE", "perhaps", "SESSION_COOKIE_SECURE must be 1 or 0"),
        ("PORTAL_ENV", "staging", "PORTAL_ENV must be demo, test or production"),
    ],
)
def test_a_wrong_setting_is_one_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environment(PRODUCTION | {name: value})
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_refusal_does_not_repeat_the_secret() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environment(PRODUCTION | {"PORTAL_ENCRYPTION_KEYS": KEY})
    assert KEY not in str(refusal.value)


def test_secrets_stay_out_of_the_representation() -> None:
    shown = repr(Settings.from_environment(PRODUCTION | {"STRIPE_SECRET_KEY": "sk_live_1234"}))
    assert SECRET not in shown
    assert "sk_live_1234" not in shown
    assert "postgresql" not in shown


def test_the_first_encryption_key_is_the_current_one() -> None:
    keys = parse_encryption_keys(f"k2:{OTHER_KEY}, k1:{KEY}")
    assert [key.id for key in keys] == ["k2", "k1"]
    settings = Settings.from_environment(PRODUCTION | {"PORTAL_ENCRYPTION_KEYS": f"k2:{OTHER_KEY},k1:{KEY}"})
    assert settings.current_encryption_key == keys[0]


def test_ports_follow_the_pages_port() -> None:
    settings = Settings.from_environment(PRODUCTION | {"PORTAL_ENV": "demo", "PORT": "9100"})
    assert (settings.live_port, settings.sandbox_port, settings.mail_port) == (9101, 9102, 9103)
    assert settings.live_url == "http://127.0.0.1:9101"
    assert settings.sandbox_url == "http://127.0.0.1:9102"


def test_tests_need_no_secrets_of_their_own() -> None:
    servers = {"DATABASE_URL": "postgresql://x/y", "REDIS_URL": "redis://x"}
    assert Settings.from_environment({"PORTAL_ENV": "test", **servers}).encryption_keys
    with pytest.raises(ConfigurationError, match="SECRET_KEY is not set"):
        Settings.from_environment({"PORTAL_ENV": "demo", **servers})
