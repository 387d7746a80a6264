"""With which values of outputs a container is filled, for whoever asks later whether these are still so."""
import hashlib


def filled(store, follows: list) -> dict:
    """By output ("ID:KEY"), the hash of its value now; None where nobody has published it. src/engines/outdated.ts
    compares. It is asked before the container is filled, so it is at most older than what that holds."""
    values = {name: store.output(*name.split(":", 1)) for name in follows}
    return {name: value and hashlib.sha256(str(value).encode()).hexdigest()[:20] for name, value in values.items()}
