"""The fiat currencies that the server accepts, and how many decimals it rounds each one to.

Source: the currency table that OpenMeter reads (gobl v0.504.0): the codes that have an ISO-4217 number. The decimals
are that table's, which is not always ISO's: HUF has none here.
"""

from __future__ import annotations

_BY_SUBUNITS = {
    0: (
        "BIF BYR CLP DJF GNF HUF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XAG XAU XBA XBB XBC XBD XDR XOF XPD "
        "XPF XPT XTS"
    ),
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
        "CHF CNY COP CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD "
        "HNL HTG IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR "
        "MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
        "SEK SGD SHP SKK SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU "
        "UZS VES WST XCD YER ZAR ZMK ZMW"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF",
    5: "MGA MRU",
}

FIAT: dict[str, int] = {code: digits for digits, codes in _BY_SUBUNITS.items() for code in codes.split()}
"""Currency code → decimals of its smallest unit."""
