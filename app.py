"""The browser's front door: Streamlit's app with Earmark's own routes; `streamlit run app.py` or `make run`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from services.engine import engine
from ui.routes import ROUTES

HOSTS = ["localhost", "127.0.0.1", "[::1]"]


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Open the home when the server starts, end every child when it stops."""
    opened = engine()
    yield
    opened.close()


app = st.App(
    Path(__file__).resolve().parent / "ui" / "main.py",
    routes=ROUTES,
    middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
    lifespan=lifespan,
)
