"""Output types for the documents of the demo, as Pydantic models: `controlgen extract models:Issue
documents/issues`."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import BaseModel, Field


class Issue(BaseModel):
    """A defect that a ticket, a log or a changelog tells of."""

    summary: str = Field(min_length=1, max_length=100)
    component: str | None
    severity: Literal["low", "medium", "high", "critical"]
    version: str | None
    date: datetime.date


class Contact(BaseModel):
    """Who somebody is and how to reach them."""

    name: str = Field(min_length=1, max_length=60)
    organization: str | None
    city: str | None
    email: str | None
    phone: str | None


class Appointment(BaseModel):
    """When and where to be."""

    title: str = Field(min_length=1, max_length=60)
    date: datetime.date
    time: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    place: str | None
    minutes: int | None = Field(ge=5, le=600)
