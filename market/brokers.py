"""How this process reaches Kafka, as the environment says."""

from kernel.kafka_login import BrokerLogin
from market.complaints import Complaint
from market.settings import MarketSettings


class LoginIncomplete(Complaint):
    """A user without a password, or a password that belongs to nobody."""


def broker_login(service: str = "") -> BrokerLogin | None:
    """The login of the one service that lives here, or of the user who is named; nothing without ``YAOSU_KAFKA``."""
    settings = MarketSettings()
    if not settings.kafka:
        return None
    if settings.kafka_password_file is None:
        if settings.kafka_user:
            message = "YAOSU_KAFKA_USER needs YAOSU_KAFKA_PASSWORD_FILE, a file with that user's password"
            raise LoginIncomplete(message)
        return BrokerLogin(settings.kafka, authority=settings.kafka_ca)
    user = settings.kafka_user or service
    if not user:
        message = "YAOSU_KAFKA_PASSWORD_FILE belongs to no service here; name the user with YAOSU_KAFKA_USER"
        raise LoginIncomplete(message)
    return BrokerLogin(settings.kafka, user, settings.kafka_password_file.read_text().strip(), settings.kafka_ca)
