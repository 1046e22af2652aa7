/** Rows of the sample shop's tables; properties bear the columns' names. Moments are ISO 8601, numerics are text. */
import type { Country } from './shop-words.js';

export type Channel = 'amazon' | 'ebay' | 'shopify' | 'trade';

export interface CustomerRow {
  readonly id: number;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly created_at: string;
}

export interface ProductRow {
  readonly sku: string;
  readonly title: string;
  readonly price: string;
}

export interface OrderRow {
  readonly id: number;
  readonly order_ref: string;
  readonly channel: Channel;
  readonly status: string;
  readonly customer_id: number | null;
  readonly purchased_at: string;
  readonly shipped_at: string | null;
  readonly payment_terms: 'prepaid' | 'credit';
  readonly buyer_name: string;
  readonly buyer_email: string | null;
  readonly buyer_phone: string | null;
  readonly ship_address1: string | null;
  readonly ship_address2: string | null;
  readonly ship_city: string | null;
  readonly ship_postcode: string | null;
  readonly ship_country: Country;
  readonly gift_message: string | null;
  readonly ip: string | null;
  readonly geo_lat: string | null;
  readonly geo_lon: string | null;
  readonly currency: string;
  readonly total: string;
  readonly notes: string | null;
}

export interface ItemRow {
  readonly id: number;
  readonly order_id: number;
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  readonly price: string;
}

export interface AddressRow {
  readonly id: number;
  readonly order_id: number;
  readonly kind: 'billing' | 'shipping';
  readonly name: string | null;
  readonly line1: string | null;
  readonly line2: string | null;
  readonly city: string | null;
  readonly postcode: string | null;
  readonly country: Country;
}

export interface PaymentRow {
  readonly id: number;
  readonly order_id: number;
  readonly method: string;
  readonly card_holder: string | null;
  readonly card_last4: string | null;
  readonly iban: string | null;
  readonly amount: string;
  readonly paid_at: string | null;
}

export interface SurveyRow {
  readonly id: number;
  readonly order_id: number;
  readonly rating: number | null;
  readonly answer: string | null;
  readonly answered_at: string;
}

export interface LegacyContactRow {
  readonly id: number;
  readonly imported_from: string;
  /** ISO 8601. */
  readonly imported_on: string;
  readonly full_name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
}

/** All rows by table. */
export interface Shop {
  readonly products: readonly ProductRow[];
  readonly customers: readonly CustomerRow[];
  readonly orders: readonly OrderRow[];
  readonly order_items: readonly ItemRow[];
  readonly order_addresses: readonly AddressRow[];
  readonly payments: readonly PaymentRow[];
  readonly survey_responses: readonly SurveyRow[];
  readonly legacy_contacts: readonly LegacyContactRow[];
}
