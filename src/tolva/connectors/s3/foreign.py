"""What a bucket answers for a file that others put there: what they can mend is told to them, not waited for."""

from collections.abc import Generator
from contextlib import contextmanager

from tolva.connectors.s3.faults import FAULTS, Whereabouts, code_of, explained
from tolva.errors import CallerError, Forbidden, InvalidInput, NotFound


@contextmanager
def explained_to_sender(where: Whereabouts, place: str) -> Generator[None]:
    """Errors in reading a file of theirs: a CallerError where bucket or file cannot be had, else as `explained`."""
    with explained(where):
        try:
            yield
        except FAULTS as error:
            if refusal := _refusal(where.bucket, place, code_of(str(error))):
                raise refusal from error
            raise
        except ValueError as error:  # of obstore, for which that is no path
            raise InvalidInput(
                f"The file {place} cannot be read: a folder in its name is empty, or . or .., "
                "or a character of it is not printed. Give it another name."
            ) from error


def _refusal(bucket: str, place: str, code: str) -> CallerError | None:
    """None for what is ours to mend, or passes."""
    match code:
        case "NoSuchKey" | "InvalidRange":
            return NotFound(f"The file {place} is not in the bucket {bucket} any more. Put it there again.")
        case "NoSuchBucket" | "InvalidBucketName":
            return NotFound(f"There is no bucket {bucket}. Make it, or put the file {place} into another one.")
        case "AccessDenied" | "AllAccessDisabled":
            return Forbidden(
                f"The file {place} may not be read in the bucket {bucket} by the login of AWS_ACCESS_KEY_ID. "
                "Give it s3:GetObject on the file and s3:ListBucket on the bucket, then try the job again."
            )
        case "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException":
            return InvalidInput(
                f"The bucket {bucket} is not in the region of AWS_DEFAULT_REGION. "
                f"Put the file {place} into one that is."
            )
        case "InvalidObjectState":
            return InvalidInput(f"The file {place} in the bucket {bucket} is archived. Restore it, then try again.")
        case _:
            return None
