-- Why: what a subscription refuses, and why one ends. Locks: none beyond the rows. Back: the rows go.

-- Up Migration

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('subscription.access_lost', 'ST403', 'You may not read this any more.', 'The subscription has ended; subscribe again once you may.'),
  ('subscription.cursor_invalid', 'ST422', 'This is not a cursor of this subscription.', 'Send the cursor of the last event, or leave "after" out, read the newest page and go on from there.'),
  ('subscription.too_many', 'ST429', 'This connection has as many subscriptions as it may have.', 'End one, or subscribe to what covers several: inboxMessages instead of each conversation.'),
  ('subscription.required', 'ST422', 'A WebSocket takes subscriptions only.', 'Send queries and mutations by POST.');

-- Down Migration

delete from core.error_codes
where reason in (
  'subscription.access_lost', 'subscription.cursor_invalid', 'subscription.too_many', 'subscription.required'
);
