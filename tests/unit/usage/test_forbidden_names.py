"""Names that no allow-list may have, and near misses."""

import pytest

from relay.usage.attributes import Type
from relay.usage.forbidden_names import why_forbidden, words_of

AMOUNTS = """\
amount amounts sendAmount amountInSatoshi fiatAmount total_amount totalamount balance nonZeroBalance
accountBalance minbalance fiat fiatValue fee minerFee fee_rate feePerByte price offerPrice total sum
totalValue portfolioValueTotal worth netWorth cost sats satoshis wei usd valueUsd inEur btc rate
exchangeRate volume totals amt spending quantity sendQty deposit stakedSol unstaked withdrawal
debt cents inDollars usdt usdcHeld spendable turnover
"""


@pytest.mark.parametrize("kind", Type)
def test_amounts_whatever_the_type(kind: Type) -> None:
    """A name that speaks of an amount is refused with every type."""
    found = {name: why_forbidden(name, kind) for name in AMOUNTS.split()}
    assert dict.fromkeys(AMOUNTS.split(), "amounts are never kept") == found


@pytest.mark.parametrize("kind", [Type.INTEGER, Type.NUMBER, Type.TEXT])
@pytest.mark.parametrize("name", ["value", "newValue", "feeLevel", "isBalanceHidden", "feeUnit"])
def test_a_near_miss_is_none_where_it_may_say_how_much(name: str, kind: Type) -> None:
    """Of a number or text nobody knows that it is no amount."""
    assert "amounts are never kept" == why_forbidden(name, kind)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("feeLevel", Type.WORD),
        ("fiatCurrency", Type.WORD),
        ("priceTypes", Type.WORDS),
        ("isBalanceHidden", Type.BOOLEAN),
        ("isAmountPresent", Type.BOOLEAN),
        ("feeChanged", Type.BOOLEAN),
        ("value", Type.BOOLEAN),
        ("value", Type.WORD),
        ("totalDevices", Type.INTEGER),
        ("totalInstances", Type.INTEGER),
        ("btc_normal", Type.INTEGER),
        ("paymentMethod", Type.WORD),
        ("depositStep", Type.WORD),
        ("feedback", Type.WORD),
        ("summary", Type.WORD),
        ("rateApp", Type.BOOLEAN),
        ("consumed", Type.INTEGER),
        ("coffee", Type.WORD),
        ("duration", Type.NUMBER),
        ("usdCoinShown", Type.BOOLEAN),
        ("_", Type.WORD),
    ],
)
def test_near_misses(name: str, kind: Type) -> None:
    """A name that tells which, whether or how many, and not how much, may stand."""
    assert "" == why_forbidden(name, kind)


def test_a_closed_list_with_digits_may_be_one_of_amounts() -> None:
    """`feeLevel` is a word such as `high`; of `100` and `200` it says how much."""
    assert "" == why_forbidden("selectedFee", Type.WORD, {"high", "low"})
    assert "amounts are never kept" == why_forbidden("selectedFee", Type.WORD, {"high", "200"})
    assert "" == why_forbidden("orientation", Type.WORD, {"90", "180"})


PERSONAL = """\
address receiveAddress toaddress xpub accountXpub label deviceLabel accountlabel ip ipAddress path
filePath url prevRouterUrl name userName email host descriptor txid message error query deviceId
sessionId
"""


@pytest.mark.parametrize("name", PERSONAL.split())
def test_what_tells_of_a_person_is_no_text(name: str) -> None:
    """It may be a word of a closed list, and never text."""
    assert "what may tell of a person is never kept as text" == why_forbidden(name, Type.TEXT)
    assert "" == why_forbidden(name, Type.WORD)


@pytest.mark.parametrize("name", ["model", "theme", "shipment", "equip", "zip", "variant"])
def test_texts_that_may_stand(name: str) -> None:
    """A short word inside another is none."""
    assert "" == why_forbidden(name, Type.TEXT)


def test_words_of_a_name() -> None:
    """Words end at capitals, digits, `_` and `-`."""
    assert ("is", "balance", "hidden") == words_of("isBalanceHidden")
    assert ("fee", "in", "usd", "x") == words_of("fee_in-USD2x")
    assert ("prev", "url", "parts") == words_of("prevURLParts")
