"""Onboarding on a database of its own, with its first operator."""

import pytest

from tests.conftest import StartService
from tests.onboarding.building import Onboarded, start_onboarding


@pytest.fixture
async def onboarding(service: StartService) -> Onboarded:
    """The running service."""
    return await start_onboarding(service)
