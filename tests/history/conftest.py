"""Most of these tests are not about git."""

import pytest

from engine.history import store


@pytest.fixture(scope="module", autouse=True)
def no_checkout(request):
    with pytest.MonkeyPatch.context() as patch:
        if not request.module.__name__.endswith("test_checkout"):
            patch.setattr(store, "checkout_of", lambda reference: None)
        yield
