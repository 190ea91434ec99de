"""What was bought, what it cost, and who paid.

Checking off items records purchases (`checked_off`), and so does a receipt (`record`, with its lines in
`receipt_lines`); what somebody gave another one to settle a debt is recorded as well (`settle`). What is asked of them:
one by one, and what is usual (`queries`), sums and statistics (`spending`), where a list is cheapest (`basket`), who
owes whom (`balances`). `filters` and `months` say which purchases a question is about. `repository` stores purchases;
the other repositories read and write for the module of their name.
"""
