"""The ledger of filings: each chunk of results decided and numbered once, under the regime it began under."""
