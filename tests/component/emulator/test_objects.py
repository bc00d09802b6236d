"""Do the objects of the emulated S3 live in the same time as Rekognition?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from component.emulator.conftest import Aws


def test_an_object_is_dated_by_the_emulated_time(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="dated")
    aws.control.advance(timedelta(days=30).total_seconds())
    aws.s3.put_object(Bucket="dated", Key="train.manifest", Body=b"{}")
    assert uploaded_at(aws) == pytest.approx(aws.control.clock().now, abs=timedelta(seconds=2))


def test_an_object_that_is_uploaded_once_more_is_younger(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="dated")
    aws.s3.put_object(Bucket="dated", Key="train.manifest", Body=b"{}")
    before = uploaded_at(aws)
    aws.control.advance(3600)
    aws.s3.put_object(Bucket="dated", Key="train.manifest", Body=b"{}")
    assert uploaded_at(aws) - before >= timedelta(hours=1)


def uploaded_at(aws: Aws) -> datetime:
    return aws.s3.head_object(Bucket="dated", Key="train.manifest")["LastModified"]
