"""`make messages`: bring the catalogues up to date with the code, and say what is left to translate."""

from tests.languages.catalogues import TRANSLATED, file_of, read, updated

for language in TRANSLATED:
    file_of(language).write_bytes(updated(language))
    missing = [message.id for message in read(language) if message.id and not message.string]
    print(f"{language}: {len(missing)} of {len(read(language))} messages to translate in {file_of(language)}")
    for message in missing:
        print(f"  {message}")
