-- Why: an advisor or a drift that somebody looked at and leaves as it is must not be reported every day, and must say
-- why, by whom and until when. Locks: none, the table is new. Back: drops it; what was accepted is reported again.

-- Up Migration

create table ops.accepted_findings (
  identity text not null,
  reason text not null,
  until date,
  accepted_by name not null default session_user,
  inserted_at timestamptz not null default now(),
  constraint accepted_findings_pkey primary key (identity),
  constraint accepted_findings_reason_check check (length(btrim(reason)) between 3 and 1000)
);

comment on table ops.accepted_findings is
  'What "stoa doctor" and "stoa drift" found and somebody accepted: not reported while it is in force. Written by those commands.';
comment on column ops.accepted_findings.identity is 'What the finding is called: the check and its object, or the difference and a digest of both sides.';
comment on column ops.accepted_findings.reason is 'Why it stays, for whoever asks later.';
comment on column ops.accepted_findings.until is 'Last day on which it is accepted; null: for good.';
comment on column ops.accepted_findings.accepted_by is 'The database login that accepted it.';
comment on column ops.accepted_findings.inserted_at is 'When it was accepted.';
comment on index ops.accepted_findings_pkey is 'One finding by its name.';
comment on constraint accepted_findings_reason_check on ops.accepted_findings is 'There is a reason, and it is a sentence, not a document.';

alter table ops.accepted_findings enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('ops.accepted_findings', 'A');

-- Down Migration

delete from ops.backup_tiers where table_name = 'ops.accepted_findings';
drop table ops.accepted_findings;
