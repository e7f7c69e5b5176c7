-- Why: that there was a legal hold on a person is kept, released or not; without a rule that says so, the proof of an
-- erasure found the identifier there and could never be given.
-- Locks: one row of ops.personal_data_rules.
-- Back: the rule goes. No other data is touched.

-- Up Migration

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, is_exported) values
  ('ops.legal_holds', 'subject_id', 'keep', 'Proof of what had to be kept and why; the id then belongs to a tombstone.', 'target.kind = ''user'' and target.subject_id = :user', false);

-- Down Migration

delete from ops.personal_data_rules
where table_name = 'ops.legal_holds'
  and column_name = 'subject_id';
