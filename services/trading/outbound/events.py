"""Our events as the contracts of ``yaosu.trading.v1``."""

from datetime import datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from trading.domain import events
from trading.domain.contracts import Contract
from yaosu.trading.v1 import events_pb2 as told
from yaosu.trading.v1 import trading_service_pb2 as contract


def moment(at: datetime) -> Timestamp:
    """A moment on the wire."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def contract_message(kept: Contract) -> contract.Contract:
    """A contract on the wire."""
    return contract.Contract(
        contract_id=kept.contract_id, order_id=kept.order_id, listing_id=kept.listing_id, product_id=kept.product_id,
        dataset_id=kept.dataset_id, lineage_root=kept.lineage_root, provider_party_id=kept.provider_party_id,
        supplier_party_id=kept.supplier_party_id, buyer_party_id=kept.buyer_party_id,
        specification_digest=kept.specification_digest, version_selector=kept.version_selector, billing=kept.billing,
        price_fen=kept.price_fen, exclusive=kept.exclusive, agreement=kept.agreement,
        agreement_digest=kept.agreement_digest, state=kept.state.value, starts_at=moment(kept.starts_at),
        ends_at=moment(kept.ends_at), purpose=kept.purpose, deliveries=kept.deliveries,
    )  # fmt: skip


def as_contract(event: object) -> Message:
    """The message that tells a domain event."""
    match event:
        case events.ListingPublished(listing):
            return told.ListingPublished(
                listing_id=listing.listing_id, product_id=listing.product.product_id, price_fen=listing.price_fen,
                billing=listing.billing.value, published_at=moment(listing.published_at),
            )  # fmt: skip
        case events.ListingSuspended(listing_id, product_id, reason):
            return told.ListingSuspended(listing_id=listing_id, product_id=product_id, reason=reason)
        case events.ListingResumed(listing_id, product_id):
            return told.ListingResumed(listing_id=listing_id, product_id=product_id)
        case events.ListingWithdrawn(listing_id, product_id):
            return told.ListingWithdrawn(listing_id=listing_id, product_id=product_id)
        case _:
            return _contract_told(event)


def _contract_told(event: object) -> Message:
    match event:
        case events.ContractSigned(kept, signed_at):
            return told.ContractSigned(
                contract_id=kept.contract_id, contract=contract_message(kept), signed_at=moment(signed_at)
            )
        case events.ContractRefused(contract_id, reason):
            return told.ContractRefused(contract_id=contract_id, reason=reason)
        case events.ContractEnded(contract_id, ended_at, reason):
            return told.ContractEnded(contract_id=contract_id, ended_at=moment(ended_at), reason=reason)
        case _:
            return _money_told(event)


def _money_told(event: object) -> Message:
    match event:
        case events.StatementConfirmed(statement_id, contract_id, amount_fen, confirmed_at):
            return told.StatementConfirmed(
                statement_id=statement_id, contract_id=contract_id, amount_fen=amount_fen,
                confirmed_at=moment(confirmed_at),
            )  # fmt: skip
        case events.OrderSettled() as settled:
            return told.OrderSettled(
                settlement_id=settled.settlement_id, contract_id=settled.contract_id,
                lineage_root=settled.lineage_root, provider_party_id=settled.provider_party_id,
                amount_fen=settled.amount_fen, trade_certificate_number=settled.trade_certificate_number,
                settled_at=moment(settled.settled_at),
                shares=[
                    told.Share(
                        party_id=share.party_id, role=share.role, amount_fen=share.amount_fen, account=share.account
                    )
                    for share in settled.shares
                ],
            )  # fmt: skip
        case events.TradeCertificateSigned(settlement_id, number):
            return told.TradeCertificateSigned(settlement_id=settlement_id, number=number)
        case events.DepositExhausted(contract_id, buyer_party_id):
            return told.DepositExhausted(contract_id=contract_id, buyer_party_id=buyer_party_id)
        case _:
            message = f"no contract for {type(event).__name__}"
            raise TypeError(message)
