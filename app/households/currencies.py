"""Currency codes (ISO 4217, list one: the alphabetic codes of currencies in use, without funds, metals and tests)."""

from typing import Final

from app.errors import Invalid

_CODES: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
    COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
    UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""

CURRENCIES: Final = frozenset(_CODES.split())


def currency_code(text: str, field: str) -> str:
    """Return the code in capitals. Raises `Invalid` when there is no such currency."""
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise Invalid(
            "{field} must be a three-letter currency code (ISO 4217), such as EUR.",
            values={"field": field},
            field=field,
        )
    return code
