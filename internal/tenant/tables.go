package tenant

// Tables lists all tables of tenants, parents before what hangs at them.
func Tables() []Table {
	return append(append(people(), money()...), rest()...)
}

func people() []Table {
	return []Table{
		{Name: "account", ID: "acc", Erased: Clears,
			Shown:  "id number name slug status suspended_reason country currency time_zone billing created_at updated_at closed_at erase_at erased_at",
			Hidden: "status_before version"},
		{Name: "membership", ID: "mem", Erased: Keeps,
			Shown: "id user_id role sites created_at last_seen_at notices_seen", Hidden: "account_id"},
		{Name: "invitation", ID: "ivt", Erased: Deletes,
			Shown:  "id email role sites invited_by invited_email created_at expires_at accepted_at accepted_by revoked_at",
			Hidden: "account_id email_norm hash link_hash"},
		{Name: "ownership_transfer", ID: "obj", Erased: Deletes,
			Shown: "id from_user to_user created_at expires_at accepted_at ended_at", Hidden: "account_id hash"},
		{Name: "api_key", ID: "key", Erased: Keeps,
			Shown:  "id name start scopes site_id networks created_by created_email created_at expires_at last_used_at revoked_at",
			Hidden: "account_id hash", Links: []Link{{"site_id", "site"}}},
		{Name: "audit_event", ID: "aud", Erased: Keeps, // also in audit.json, in the API's shape
			Shown:  "id action actor_role object_type object_id created_at",
			Hidden: "account_id seq actor_id actor_email network details prev_hash hash"},
		{Name: "audit_head", Erased: Keeps, Shown: "seq", Hidden: "account_id hash"},
		{Name: "outbox_event", ID: "evt", Erased: Keeps, Shown: "id type object_id data created_at delivered_at", Hidden: "account_id"},
		// Bodies hold links that still work.
		{Name: "mail_message", ID: "mail", Erased: Deletes,
			Shown: "id template recipient subject created_at sent_at", Hidden: "account_id dedup_key body_text body_html"},
	}
}

func money() []Table {
	return []Table{
		{Name: "subscription", ID: "sub", Erased: Keeps,
			Shown: "id plan_id plan_version_id plan_slug cycle status trial current_period_start current_period_end trial_ends_at grace_until " +
				"cancel_at_period_end auto_renew created_at updated_at", Hidden: "account_id"},
		{Name: "series", Erased: Keeps, Shown: "name month last_value", Hidden: "account_id"},
		{Name: "invoice", ID: "inv", Erased: Keeps,
			Shown: "id number type status currency subtotal_minor tax_minor total_minor amount_paid_minor balance_used_minor base_minor base_currency " +
				"rate rate_source rate_at rounding billing subscription_id credits due_at issued_at paid_at void_reason created_at updated_at",
			Hidden: "account_id pay_code version", Links: []Link{{"subscription_id", "subscription"}}},
		{Name: "invoice_line", Erased: Keeps, Shown: "invoice_id n description quantity unit_minor amount_minor", Hidden: "account_id",
			Links: []Link{{"invoice_id", "invoice"}}},
		{Name: "payment", ID: "pay", Erased: Clears,
			Shown: "id invoice_id status method method_name kind reference payer_name paid_on amount_minor currency received_minor notes submitted_by via " +
				"failure_code failure_reason decided_at refunded_minor receipt_number created_at updated_at",
			Hidden: "account_id reference_norm evidence decision_note overridden decided_by decided_email first_approved_by first_approved_at " +
				"first_received_minor claimed_by claimed_email claimed_until version",
			Links: []Link{{"invoice_id", "invoice"}}},
		{Name: "payment_proof", Erased: Keeps, Shown: "payment_id n sha256 content_type size created_at", Hidden: "account_id original_sha256",
			Links: []Link{{"payment_id", "payment"}}},
		{Name: "payment_allocation", Erased: Keeps, Shown: "payment_id target amount_minor", Hidden: "account_id",
			Links: []Link{{"payment_id", "payment"}}},
		{Name: "approval_hold", Staff: true, Erased: Keeps,
			Hidden: "account_id payment_id held_by held_email received_minor evidence decision_note overridden due_at created_at",
			Links:  []Link{{"payment_id", "payment"}}},
		{Name: "staff_gift", ID: "obj", Staff: true, Erased: Keeps,
			Hidden: "account_id id kind credits plan cycle months note status given_by given_email second_by second_email created_at done_at"},
		{Name: "account_balance", Erased: Keeps, Shown: "currency balance_minor", Hidden: "account_id"},
		{Name: "account_balance_entry", ID: "obj", Erased: Keeps,
			Shown: "id currency amount_minor balance_after_minor reason payment_id invoice_id created_at", Hidden: "account_id",
			Links: []Link{{"payment_id", "payment"}, {"invoice_id", "invoice"}}},
		{Name: "subscription_period", Erased: Keeps, Shown: "invoice_id subscription_id payment_id starts_at ends_at created_at", Hidden: "account_id",
			Links: []Link{{"invoice_id", "invoice"}, {"subscription_id", "subscription"}, {"payment_id", "payment"}}},
		{Name: "account_payment_method", ID: "pm", Erased: Keeps, Shown: "id method is_default created_at", Hidden: "account_id"},
	}
}

func rest() []Table {
	return []Table{
		{Name: "credit_balance", Erased: Keeps, Shown: "balance held updated_at", Hidden: "account_id seq"},
		{Name: "credit_lot", ID: "lot", Erased: Keeps, Shown: "id pool source amount remaining expires_at created_at", Hidden: "account_id source_id"},
		{Name: "credit_transaction", ID: "ctx", Erased: Keeps,
			Shown:  "id type pool amount balance_after description reference operation site_id user_id source created_at",
			Hidden: "account_id seq source_id", Links: []Link{{"site_id", "site"}}},
		{Name: "credit_burn", Erased: Keeps, Shown: "transaction_id lot_id amount", Hidden: "account_id",
			Links: []Link{{"transaction_id", "credit_transaction"}, {"lot_id", "credit_lot"}}},
		{Name: "site", ID: "site", Erased: Clears,
			Shown: "id name domain industry_slug industry_name active created_at updated_at deleted_at", Hidden: "account_id industry_id version"},
		{Name: "site_sector", ID: "sec", Erased: Keeps, Shown: "id site_id slug name active created_at", Hidden: "account_id industry_sector_id",
			Links: []Link{{"site_id", "site"}}},
	}
}
