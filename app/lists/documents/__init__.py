"""Everything on record of a household, found by words (`search`) and read as texts (`read`), for hosts that know two
tools only: ChatGPT's `search` and `fetch`."""
