"""The page kit: templates, forms, cookies and security headers for every page of the service."""
