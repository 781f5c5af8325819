"""Verbs about what waits to be sent (deliveries) and to be done (jobs)."""

from typing import Any

from fedi import clock
from fedi.errors import NotFound
from fedi.instance import Instance
from fedi.storage import deliveries as delivery_rows
from fedi.storage import jobs as job_rows
from fedi.storage.db import Tx
from fedi.streaming import Event


async def list_all(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """host ('' = all), limit."""
    return instance.db.read(_list, args["host"], int(args["limit"]))


def _list(tx: Tx, host: str, limit: int) -> dict[str, Any]:
    deliveries = [
        {
            "id": str(delivery.activity_id),
            "host": delivery.host,
            "state": delivery.state,
            "type": delivery.type,
            "object": delivery.object_uri,
            "attempts": delivery.attempts,
            "next_at": clock.rfc3339(delivery.next_at) if delivery.state == "queued" else None,
            "status": delivery.status,
            "answer": delivery.answer,
            "updated_at": clock.rfc3339(delivery.updated_at),
        }
        for delivery in delivery_rows.list_unfinished(tx, host=host, limit=limit)
    ]
    jobs = [
        {
            "id": str(job.id),
            "job": job.name,
            "state": job.state,
            "attempts": job.attempts,
            "next_at": clock.rfc3339(job.run_at) if job.state == "queued" else None,
            "error": job.error,
            "created_at": clock.rfc3339(job.created_at),
        }
        for job in ([] if host else job_rows.list_waiting(tx, limit=limit))
    ]
    return {"deliveries": deliveries, "jobs": jobs, **_count(tx)}


async def count(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    return instance.db.read(_count)


def _count(tx: Tx) -> dict[str, Any]:
    return {"deliveries_by_state": delivery_rows.count_by_state(tx), "jobs_by_state": job_rows.count_by_state(tx)}


async def retry(instance: Instance, args: dict[str, Any]) -> dict[str, int]:
    """host, id (of an activity or a job); neither means all."""
    return await instance.db.write(_retry, args["host"], int(args["id"] or 0))


def _retry(tx: Tx, host: str, row_id: int) -> dict[str, int]:
    deliveries = delivery_rows.retry(tx, host=host, activity_id=row_id)
    jobs = 0 if host else job_rows.retry(tx, row_id)
    tx.emit(Event("queue"))
    tx.emit(Event("job"))
    return _changed(row_id, deliveries, jobs)


async def drop(instance: Instance, args: dict[str, Any]) -> dict[str, int]:
    """host, id (of an activity or a job); neither means all deliveries, and the jobs that are parked."""
    return await instance.db.write(_drop, args["host"], int(args["id"] or 0))


def _drop(tx: Tx, host: str, row_id: int) -> dict[str, int]:
    deliveries = delivery_rows.drop(tx, host=host, activity_id=row_id, answer="dropped by hand")
    parked = [job.id for job in job_rows.list_waiting(tx, state="parked", limit=100_000)] if not (host or row_id) else []
    jobs = sum(job_rows.drop(tx, job_id) for job_id in ([row_id] if row_id and not host else parked))
    return _changed(row_id, deliveries, jobs)


def _changed(row_id: int, deliveries: int, jobs: int) -> dict[str, int]:
    if row_id and not deliveries and not jobs:
        raise NotFound("Nothing in the queue has that id.")
    return {"deliveries": deliveries, "jobs": jobs}
