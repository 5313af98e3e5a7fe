"""`python -m services run registry --role worker`."""

from services.commands import app

if __name__ == "__main__":
    app()
