-- Why: a class is looked up by its identifier or slug, not by its place in the ladder; and it is said how a ban for good is told.
-- Locks: none on anything that holds data: comments only. Back: the comments before.

-- Up Migration

comment on constraint user_classes_sort_order_key on core.user_classes is E'@behavior -single\nThe ladder is a total order.';
comment on column core.users.banned_until is 'Cached end of the strongest account ban, in the past too: a ban runs while it lies in the future. A permanent one ends at infinity, which the API tells as 9999-12-31T23:59:59.999999+00:00; null = none.';
comment on column core.user_restrictions.until is 'When it ends; for good: infinity, which the API tells as 9999-12-31T23:59:59.999999+00:00.';

-- Down Migration

comment on constraint user_classes_sort_order_key on core.user_classes is null;
comment on column core.users.banned_until is 'Cached end of the strongest account ban (''infinity'' = permanent); null = none.';
comment on column core.user_restrictions.until is 'When it ends; infinity = for good.';
