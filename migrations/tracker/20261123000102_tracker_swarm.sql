-- Why: swarms and the economy of the tracker: passkeys, peers, the log of announces and its history, what each person
-- moved, and the ledger of bonus points with its rules and freeleech tokens.
-- Lock order: passkeys by hash (they serialise the announces of one person), then the rows of that person (peers,
-- user_torrents, tokens), then the statistics of torrents by torrent, last the statistics of people by person; the
-- ledger is written under the latter. This is the tail of the order that the catalogue keeps.
-- Locks: two foreign keys are added to tables that are empty at this point; core.users and tracker.torrents are locked
-- for a moment by the foreign keys that name them (SHARE ROW EXCLUSIVE). Peers are UNLOGGED: they are gone after a crash
-- and come back with the next announces, without anything being credited twice.
-- Back: drops the tables with all statistics and points in them.

-- Up Migration

grant usage on schema tracker to stoa_tracker;

create table tracker.passkeys (
  passkey_hash bytea not null,
  user_id uuid not null,
  passkey_ciphertext bytea not null,
  key_id varchar(64) not null,
  revoked_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint passkeys_pkey primary key (passkey_hash),
  constraint passkeys_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint passkeys_hash_check check (octet_length(passkey_hash) = 32)
);

comment on table tracker.passkeys is
  E'@name passkey\nWhat a BitTorrent client proves with whose it is. Kept as a digest, by which each announce finds it, and encrypted by the application with a key that the database does not have, for .torrent files of its owner.';
comment on column tracker.passkeys.passkey_hash is 'SHA-256 of the passkey.';
comment on column tracker.passkeys.user_id is 'Whose it is.';
comment on column tracker.passkeys.passkey_ciphertext is 'The passkey under AES-256-GCM: nonce, tag, ciphertext.';
comment on column tracker.passkeys.key_id is 'Which key it is encrypted with, so that keys can be changed.';
comment on column tracker.passkeys.revoked_at is 'When it was replaced or withdrawn: it is refused from then on.';
comment on column tracker.passkeys.inserted_at is 'When it was made.';
comment on constraint passkeys_hash_check on tracker.passkeys is 'The length of a SHA-256 digest.';

create unique index passkeys_active_key on tracker.passkeys (user_id)
  where revoked_at is null;
create index passkeys_user_idx on tracker.passkeys (user_id);
create index passkeys_revoked_idx on tracker.passkeys (revoked_at)
  where revoked_at is not null;

comment on index tracker.passkeys_pkey is 'Whose an announced passkey is.';
comment on index tracker.passkeys_active_key is 'One live passkey a person.';
comment on index tracker.passkeys_user_idx is 'All passkeys of a person; serves the foreign key.';
comment on index tracker.passkeys_revoked_idx is 'Revoked passkeys that are due for purging.';

alter table tracker.passkeys enable row level security;

create unlogged table tracker.peers (
  torrent_id uuid not null,
  user_id uuid not null,
  peer_id bytea not null,
  ip_address inet not null,
  port integer not null,
  uploaded bigint not null default 0,
  downloaded bigint not null default 0,
  left_bytes bigint not null,
  is_seeder boolean not null generated always as (left_bytes = 0) stored,
  user_agent varchar(200),
  started_at timestamptz not null default now(),
  last_announce_at timestamptz not null default now(),
  constraint peers_pkey primary key (torrent_id, user_id, peer_id),
  constraint peers_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint peers_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint peers_check check (
    octet_length(peer_id) = 20
    and port between 1 and 65535
    and uploaded >= 0
    and downloaded >= 0
    and left_bytes >= 0
  )
) with (fillfactor = 50);

comment on table tracker.peers is
  E'@name peer\nWho is in which swarm now. Not written to the WAL: after a crash it is empty, and the next announces fill it again.';
comment on column tracker.peers.torrent_id is 'The torrent.';
comment on column tracker.peers.user_id is 'Who.';
comment on column tracker.peers.peer_id is 'The session of a client, 20 bytes of its own choice.';
comment on column tracker.peers.ip_address is 'Where it listens. Shown to moderators only.';
comment on column tracker.peers.port is 'On which port.';
comment on column tracker.peers.uploaded is 'Bytes sent in this session, as reported.';
comment on column tracker.peers.downloaded is 'Bytes received in this session, as reported.';
comment on column tracker.peers.left_bytes is 'Bytes that it still lacks.';
comment on column tracker.peers.is_seeder is 'Whether it lacks nothing.';
comment on column tracker.peers.user_agent is 'What the client calls itself.';
comment on column tracker.peers.started_at is 'First announce of the session.';
comment on column tracker.peers.last_announce_at is 'Latest announce. Without an index, so that an announce stays within its page; the sweep scans.';
comment on constraint peers_check on tracker.peers is 'Impossible values are refused.';

create index peers_user_idx on tracker.peers (user_id);
create index peers_leechers_idx on tracker.peers (torrent_id, user_id)
  where not is_seeder;

comment on index tracker.peers_pkey is 'One session, and the swarm of a torrent.';
comment on index tracker.peers_user_idx is 'The sessions of a person, for the limit on downloads; serves the foreign key.';
comment on index tracker.peers_leechers_idx is 'Whom a seeder is told of, in a swarm of thousands of seeders. Changes when a peer completes, not with its announces.';

alter table tracker.peers enable row level security;

create table tracker.announces (
  announced_at timestamptz not null default now(),
  user_id uuid not null,
  torrent_id uuid not null,
  event text not null default '',
  peer_id bytea not null,
  ip_address inet not null,
  port integer not null,
  uploaded bigint not null,
  downloaded bigint not null,
  left_bytes bigint not null,
  uploaded_delta bigint not null default 0,
  downloaded_delta bigint not null default 0,
  user_agent varchar(200),
  constraint announces_event_check check (event in ('', 'started', 'completed', 'stopped', 'paused'))
)
partition by range (announced_at);

comment on table tracker.announces is
  E'@name announce\nEvery announce that was accepted. No key and no foreign keys: the procedure that writes it has looked them up, and a check a row would lock the busiest torrents.';
comment on column tracker.announces.announced_at is 'When.';
comment on column tracker.announces.user_id is 'Who.';
comment on column tracker.announces.torrent_id is 'The torrent.';
comment on column tracker.announces.event is 'started, completed, stopped, paused or empty.';
comment on column tracker.announces.peer_id is 'The session of the client.';
comment on column tracker.announces.ip_address is 'From where. Shown to moderators only.';
comment on column tracker.announces.port is 'On which port it listens.';
comment on column tracker.announces.uploaded is 'Bytes sent in the session, as reported.';
comment on column tracker.announces.downloaded is 'Bytes received in the session, as reported.';
comment on column tracker.announces.left_bytes is 'Bytes that it still lacked.';
comment on column tracker.announces.uploaded_delta is 'Bytes credited by this announce.';
comment on column tracker.announces.downloaded_delta is 'Bytes charged by this announce.';
comment on column tracker.announces.user_agent is 'What the client calls itself.';
comment on constraint announces_event_check on tracker.announces is 'The events that exist.';

create index announces_user_idx on tracker.announces (user_id, announced_at);
create index announces_torrent_idx on tracker.announces (torrent_id, announced_at);
create index announces_time_brin on tracker.announces using brin (announced_at);

comment on index tracker.announces_user_idx is 'What a person announced, in order of time.';
comment on index tracker.announces_torrent_idx is 'What was announced about a torrent, in order of time.';
comment on index tracker.announces_time_brin is 'Ranges of time within a month, for the archive.';

alter table tracker.announces enable row level security;

create table tracker.peer_history (
  observed_at timestamptz not null,
  torrent_id uuid not null,
  user_id uuid not null,
  peer_id bytea not null,
  uploaded bigint not null,
  downloaded bigint not null,
  left_bytes bigint not null,
  is_seeder boolean not null,
  constraint peer_history_pkey primary key (torrent_id, user_id, peer_id, observed_at)
)
partition by range (observed_at);

comment on table tracker.peer_history is
  E'@name peer_snapshot\nThe swarms as they were, every half hour.';
comment on column tracker.peer_history.observed_at is 'When, to the half hour.';
comment on column tracker.peer_history.torrent_id is 'The torrent.';
comment on column tracker.peer_history.user_id is 'Who.';
comment on column tracker.peer_history.peer_id is 'The session of the client.';
comment on column tracker.peer_history.uploaded is 'Bytes sent in the session.';
comment on column tracker.peer_history.downloaded is 'Bytes received in the session.';
comment on column tracker.peer_history.left_bytes is 'Bytes that it still lacked.';
comment on column tracker.peer_history.is_seeder is 'Whether it lacked nothing.';

create index peer_history_user_idx on tracker.peer_history (user_id, observed_at);

comment on index tracker.peer_history_pkey is 'One session at one moment: a second run of the job adds nothing.';
comment on index tracker.peer_history_user_idx is 'The activity of a person, in order of time.';

alter table tracker.peer_history enable row level security;

create table tracker.peer_history_daily (
  user_id uuid not null,
  torrent_id uuid not null,
  day date not null,
  seed_seconds integer not null default 0,
  leech_seconds integer not null default 0,
  uploaded bigint not null default 0,
  downloaded bigint not null default 0,
  snapshots integer not null default 0,
  constraint peer_history_daily_pkey primary key (user_id, torrent_id, day),
  constraint peer_history_daily_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint peer_history_daily_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint peer_history_daily_check check (
    seed_seconds between 0 and 86400
    and leech_seconds between 0 and 86400
    and uploaded >= 0
    and downloaded >= 0
    and snapshots >= 0
  )
);

comment on table tracker.peer_history_daily is
  E'@name peer_day\nWhat a person did with a torrent on one day, summed up from the snapshots of the swarms.';
comment on column tracker.peer_history_daily.user_id is 'Who.';
comment on column tracker.peer_history_daily.torrent_id is 'The torrent.';
comment on column tracker.peer_history_daily.day is 'The day, in UTC.';
comment on column tracker.peer_history_daily.seed_seconds is 'Time spent seeding.';
comment on column tracker.peer_history_daily.leech_seconds is 'Time spent downloading.';
comment on column tracker.peer_history_daily.uploaded is 'Bytes sent that day.';
comment on column tracker.peer_history_daily.downloaded is 'Bytes received that day.';
comment on column tracker.peer_history_daily.snapshots is 'In how many snapshots they were seen.';
comment on constraint peer_history_daily_check on tracker.peer_history_daily is 'A day has 86,400 seconds, and nothing is negative.';

create index peer_history_daily_torrent_idx on tracker.peer_history_daily (torrent_id, day);
create index peer_history_daily_day_idx on tracker.peer_history_daily (day);

comment on index tracker.peer_history_daily_pkey is 'The days of a person, by torrent; serves the foreign key.';
comment on index tracker.peer_history_daily_torrent_idx is 'The days of a torrent; serves the foreign key.';
comment on index tracker.peer_history_daily_day_idx is 'Days that are past their retention.';

alter table tracker.peer_history_daily enable row level security;

create table tracker.user_torrents (
  user_id uuid not null,
  torrent_id uuid not null,
  uploaded bigint not null default 0,
  downloaded bigint not null default 0,
  seed_seconds bigint not null default 0,
  has_leeched boolean not null default false,
  first_announce_at timestamptz not null default now(),
  last_announce_at timestamptz not null default now(),
  completed_at timestamptz,
  constraint user_torrents_pkey primary key (user_id, torrent_id),
  constraint user_torrents_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint user_torrents_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint user_torrents_check check (uploaded >= 0 and downloaded >= 0 and seed_seconds >= 0),
  constraint user_torrents_completed_check check (completed_at is null or has_leeched)
) with (fillfactor = 80);

comment on table tracker.user_torrents is
  E'@name user_torrent\nWhat a person moved of a torrent, over all sessions: the list of what they completed, and of what they seeded for how long.';
comment on column tracker.user_torrents.user_id is 'Who.';
comment on column tracker.user_torrents.torrent_id is 'The torrent.';
comment on column tracker.user_torrents.uploaded is 'Bytes credited.';
comment on column tracker.user_torrents.downloaded is 'Bytes charged.';
comment on column tracker.user_torrents.seed_seconds is 'Time for which they seeded; two clients at once count once.';
comment on column tracker.user_torrents.has_leeched is E'@behavior -*\nWhether they ever announced with something missing: only then can they complete it, also when the session that began it was forgotten.';
comment on column tracker.user_torrents.first_announce_at is 'First announce.';
comment on column tracker.user_torrents.last_announce_at is 'Latest announce.';
comment on column tracker.user_torrents.completed_at is 'When they completed it, once for all. Null for whoever had everything from the start.';
comment on constraint user_torrents_check on tracker.user_torrents is 'Nothing is negative.';
comment on constraint user_torrents_completed_check on tracker.user_torrents is 'Whoever never lacked anything completes nothing.';

create index user_torrents_torrent_idx on tracker.user_torrents (torrent_id, completed_at);

comment on index tracker.user_torrents_pkey is 'The torrents of a person; serves the foreign key.';
comment on index tracker.user_torrents_torrent_idx is 'Who completed a torrent, in order of time; serves the foreign key.';

alter table tracker.user_torrents enable row level security;

create table tracker.user_statistics (
  user_id uuid not null,
  uploaded bigint not null default 0,
  downloaded bigint not null default 0,
  ratio numeric(20, 3) generated always as (
    case when downloaded > 0 then round(uploaded::numeric / downloaded, 3) end
  ) stored,
  seedbonus numeric(18, 4) not null default 0,
  bounty_spent numeric(18, 4) not null default 0,
  bounty_earned numeric(18, 4) not null default 0,
  torrents_uploaded integer not null default 0,
  torrents_snatched integer not null default 0,
  requests_filled integer not null default 0,
  seed_seconds bigint not null default 0,
  forum_post_count integer not null default 0,
  comment_count integer not null default 0,
  warning_points integer not null default 0,
  updated_at timestamptz not null default now(),
  constraint user_statistics_pkey primary key (user_id),
  constraint user_statistics_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint user_statistics_check check (
    uploaded >= 0 and downloaded >= 0 and seedbonus >= 0 and bounty_spent >= 0 and bounty_earned >= 0
  ),
  constraint user_statistics_counts_check check (
    torrents_uploaded >= 0 and torrents_snatched >= 0 and requests_filled >= 0 and seed_seconds >= 0
    and forum_post_count >= 0 and comment_count >= 0 and warning_points >= 0
  )
) with (fillfactor = 70);

comment on table tracker.user_statistics is
  E'@name user_statistics\nTotals of a person. Made with the first bytes, seconds or points. No index but its key, so that an announce stays within its page; the nightly top lists do the sorting.';
comment on column tracker.user_statistics.user_id is 'Whose.';
comment on column tracker.user_statistics.uploaded is 'Bytes credited. Kept by announces.';
comment on column tracker.user_statistics.downloaded is 'Bytes charged. Kept by announces.';
comment on column tracker.user_statistics.ratio is 'Uploaded by downloaded; null = nothing was downloaded, so it is infinite.';
comment on column tracker.user_statistics.seedbonus is 'Balance of points: the sum of the ledger. Kept by whatever moves points.';
comment on column tracker.user_statistics.bounty_spent is 'Points given to requests, less what came back. Kept with the ledger.';
comment on column tracker.user_statistics.bounty_earned is 'Points paid for fills. Kept with the ledger.';
comment on column tracker.user_statistics.torrents_uploaded is 'Approved uploads. Kept by triggers on torrents.';
comment on column tracker.user_statistics.torrents_snatched is 'Completed downloads. Kept by announces.';
comment on column tracker.user_statistics.requests_filled is 'Confirmed fills. Kept by triggers on requests.';
comment on column tracker.user_statistics.seed_seconds is 'Time seeded, over all torrents. Kept by announces.';
comment on column tracker.user_statistics.forum_post_count is 'Posts and comments in the forums, as of last night.';
comment on column tracker.user_statistics.comment_count is 'Comments in the tracker. Kept by triggers on comments.';
comment on column tracker.user_statistics.warning_points is 'Points of warnings that count, as of last night.';
comment on column tracker.user_statistics.updated_at is 'When the row last changed.';
comment on index tracker.user_statistics_pkey is 'The totals of one person; serves the foreign key.';
comment on constraint user_statistics_check on tracker.user_statistics is 'No overdraft, and nothing negative.';
comment on constraint user_statistics_counts_check on tracker.user_statistics is 'A count is never negative.';

alter table tracker.user_statistics enable row level security;

create table tracker.bonus_rules (
  id uuid not null default core.uuidv7(),
  name varchar(100) not null,
  description text,
  event text not null,
  conditions jsonb not null default '{}',
  amount numeric(18, 4) not null,
  period text not null default 'hour',
  max_per_period numeric(18, 4),
  is_active boolean not null default true,
  starts_at timestamptz,
  ends_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint bonus_rules_pkey primary key (id),
  constraint bonus_rules_name_key unique (name),
  constraint bonus_rules_event_check check (
    event in ('seeding', 'upload_approved', 'request_filled', 'comment', 'forum_post', 'achievement')
  ),
  constraint bonus_rules_period_check check (
    period in ('once', 'hour', 'day')
    and amount > 0
    and (max_per_period is null or max_per_period > 0)
    and (ends_at is null or ends_at > starts_at)
  ),
  constraint bonus_rules_conditions_check check (jsonb_typeof(conditions) = 'object'),
  constraint bonus_rules_description_check check (char_length(description) <= 2000)
);

comment on table tracker.bonus_rules is
  E'@name bonus_rule\nWhat earns points.';
comment on column tracker.bonus_rules.id is 'Time-ordered identifier.';
comment on column tracker.bonus_rules.name is 'Its name.';
comment on column tracker.bonus_rules.description is 'In more words.';
comment on column tracker.bonus_rules.event is 'What is paid: seeding, upload_approved, request_filled, comment, forum_post or achievement.';
comment on column tracker.bonus_rules.conditions is 'Of seeding: min_seeders, max_seeders, min_size_bytes, min_age_days (of the torrent), min_seed_seconds.';
comment on column tracker.bonus_rules.amount is 'Points a unit: a torrent that is seeded, a comment, an upload.';
comment on column tracker.bonus_rules.period is 'How often it pays a person: once, hour or day.';
comment on column tracker.bonus_rules.max_per_period is 'The most that a person is paid in one period; null = no limit.';
comment on column tracker.bonus_rules.is_active is 'Whether it is in force.';
comment on column tracker.bonus_rules.starts_at is 'From when.';
comment on column tracker.bonus_rules.ends_at is 'Until when.';
comment on column tracker.bonus_rules.inserted_at is 'When the row was made.';
comment on column tracker.bonus_rules.updated_at is 'When the row last changed (kept by a trigger).';
comment on index tracker.bonus_rules_pkey is 'One rule by its identifier.';
comment on index tracker.bonus_rules_name_key is 'One rule per name.';
comment on constraint bonus_rules_event_check on tracker.bonus_rules is 'The events that exist.';
comment on constraint bonus_rules_period_check on tracker.bonus_rules is 'The periods that exist; a rule pays something, and ends after it began.';
comment on constraint bonus_rules_conditions_check on tracker.bonus_rules is 'Always an object.';
comment on constraint bonus_rules_description_check on tracker.bonus_rules is 'A text has an end.';

alter table tracker.bonus_rules enable row level security;

create table tracker.bonus_transactions (
  user_id uuid not null,
  id uuid not null default core.uuidv7(),
  amount numeric(18, 4) not null,
  balance_after numeric(18, 4) not null,
  kind text not null,
  bonus_rule_id uuid,
  period_start timestamptz,
  torrent_id uuid,
  request_id uuid,
  counterparty_id uuid,
  description varchar(300),
  inserted_at timestamptz not null default now(),
  constraint bonus_transactions_pkey primary key (user_id, id),
  constraint bonus_transactions_user_id_fkey foreign key (user_id) references core.users (id) on delete restrict,
  constraint bonus_transactions_bonus_rule_id_fkey foreign key (bonus_rule_id) references tracker.bonus_rules (id) on delete restrict,
  constraint bonus_transactions_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete set null,
  constraint bonus_transactions_request_id_fkey foreign key (request_id) references tracker.requests (id) on delete set null,
  constraint bonus_transactions_counterparty_id_fkey foreign key (counterparty_id) references core.users (id) on delete restrict,
  constraint bonus_transactions_amount_check check (amount <> 0 and balance_after >= 0),
  constraint bonus_transactions_kind_check check (
    kind in (
      'earned', 'bounty_escrow', 'bounty_payout', 'bounty_refund', 'freeleech_purchase', 'gift_out', 'gift_in', 'adjustment'
    )
  ),
  constraint bonus_transactions_earned_check check ((kind = 'earned') = (bonus_rule_id is not null))
);

comment on table tracker.bonus_transactions is
  E'@name bonus_transaction\nThe ledger of points: every movement, signed, with the balance that followed from it. It only grows.';
comment on column tracker.bonus_transactions.user_id is 'Whose account.';
comment on column tracker.bonus_transactions.id is 'Time-ordered identifier.';
comment on column tracker.bonus_transactions.amount is 'Points: above zero they came in, below they went out.';
comment on column tracker.bonus_transactions.balance_after is 'The balance after it.';
comment on column tracker.bonus_transactions.kind is 'Why: earned, bounty_escrow, bounty_payout, bounty_refund, freeleech_purchase, gift_out, gift_in or adjustment.';
comment on column tracker.bonus_transactions.bonus_rule_id is 'The rule that paid.';
comment on column tracker.bonus_transactions.period_start is 'The period that was paid: a rule pays a person once for it.';
comment on column tracker.bonus_transactions.torrent_id is 'The torrent that it is about: a rule pays a person once for it.';
comment on column tracker.bonus_transactions.request_id is 'The request that it is about.';
comment on column tracker.bonus_transactions.counterparty_id is 'The other person of a gift.';
comment on column tracker.bonus_transactions.description is 'Words of whoever moved it.';
comment on column tracker.bonus_transactions.inserted_at is 'When.';
comment on constraint bonus_transactions_amount_check on tracker.bonus_transactions is 'Something moved, and nobody owes.';
comment on constraint bonus_transactions_kind_check on tracker.bonus_transactions is 'The kinds that exist.';
comment on constraint bonus_transactions_earned_check on tracker.bonus_transactions is 'What was earned names its rule, nothing else does.';

-- What a torrent earned keeps its null period when the torrent is purged, so it never meets a period that was paid.
create unique index bonus_transactions_rule_period_key on tracker.bonus_transactions (user_id, bonus_rule_id, period_start)
  where bonus_rule_id is not null and torrent_id is null and period_start is not null;
create unique index bonus_transactions_rule_torrent_key on tracker.bonus_transactions (user_id, bonus_rule_id, torrent_id)
  where bonus_rule_id is not null and torrent_id is not null;
create index bonus_transactions_rule_idx on tracker.bonus_transactions (bonus_rule_id)
  where bonus_rule_id is not null;
create index bonus_transactions_torrent_idx on tracker.bonus_transactions (torrent_id)
  where torrent_id is not null;
create index bonus_transactions_request_idx on tracker.bonus_transactions (request_id)
  where request_id is not null;
create index bonus_transactions_counterparty_idx on tracker.bonus_transactions (counterparty_id)
  where counterparty_id is not null;

comment on index tracker.bonus_transactions_pkey is 'The account of a person, newest first; serves the foreign key.';
comment on index tracker.bonus_transactions_rule_period_key is 'A rule pays a person once a period, however often the job runs.';
comment on index tracker.bonus_transactions_rule_torrent_key is 'A rule pays a person once a torrent.';
comment on index tracker.bonus_transactions_rule_idx is 'Serves the foreign key.';
comment on index tracker.bonus_transactions_torrent_idx is 'Serves the foreign key.';
comment on index tracker.bonus_transactions_request_idx is 'What a request moved; serves the foreign key.';
comment on index tracker.bonus_transactions_counterparty_idx is 'Serves the foreign key.';

alter table tracker.bonus_transactions enable row level security;

alter table tracker.request_bounties
  add constraint request_bounties_debit_fkey foreign key (user_id, debit_transaction_id)
    references tracker.bonus_transactions (user_id, id) on delete restrict,
  add constraint request_bounties_refund_fkey foreign key (user_id, refund_transaction_id)
    references tracker.bonus_transactions (user_id, id) on delete restrict;

comment on constraint request_bounties_debit_fkey on tracker.request_bounties is 'What took the points; nobody contributes with the points of somebody else.';
comment on constraint request_bounties_refund_fkey on tracker.request_bounties is 'What gave them back, to whoever gave them.';

create table tracker.freeleech_tokens (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  torrent_id uuid,
  source text not null default 'purchase',
  granted_at timestamptz not null default now(),
  use_before timestamptz,
  activated_at timestamptz,
  expires_at timestamptz,
  bytes_saved bigint not null default 0,
  constraint freeleech_tokens_pkey primary key (id),
  constraint freeleech_tokens_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint freeleech_tokens_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete set null,
  constraint freeleech_tokens_no_overlap exclude using gist (
    user_id with =,
    torrent_id with =,
    tstzrange(activated_at, expires_at) with &&
  ) where (activated_at is not null and torrent_id is not null),
  constraint freeleech_tokens_state_check check (
    (activated_at is null) = (expires_at is null)
    and (torrent_id is null or activated_at is not null)
    and (expires_at is null or expires_at > activated_at)
  ),
  constraint freeleech_tokens_source_check check (
    source in ('purchase', 'gift', 'achievement', 'staff')
    and bytes_saved >= 0
  )
);

comment on table tracker.freeleech_tokens is
  E'@name freeleech_token\nA token that makes one torrent free for its owner for a while: what they download of it is not charged.';
comment on column tracker.freeleech_tokens.id is 'Time-ordered identifier.';
comment on column tracker.freeleech_tokens.user_id is 'Whose.';
comment on column tracker.freeleech_tokens.torrent_id is 'The torrent that it was spent on.';
comment on column tracker.freeleech_tokens.source is 'Where it comes from: purchase, gift, achievement or staff.';
comment on column tracker.freeleech_tokens.granted_at is 'When they got it.';
comment on column tracker.freeleech_tokens.use_before is 'When it lapses unless it is spent; null = never.';
comment on column tracker.freeleech_tokens.activated_at is 'When it was spent.';
comment on column tracker.freeleech_tokens.expires_at is 'Until when the torrent is free.';
comment on column tracker.freeleech_tokens.bytes_saved is 'Downloads that were not charged. Kept by announces.';
comment on constraint freeleech_tokens_state_check on tracker.freeleech_tokens is 'A token is spent with a beginning, an end and a torrent, or not at all.';
comment on constraint freeleech_tokens_source_check on tracker.freeleech_tokens is 'The sources that exist.';

create index freeleech_tokens_user_idx on tracker.freeleech_tokens (user_id, activated_at);
create index freeleech_tokens_torrent_idx on tracker.freeleech_tokens (torrent_id)
  where torrent_id is not null;
create index freeleech_tokens_lapse_idx on tracker.freeleech_tokens (use_before)
  where activated_at is null and use_before is not null;

comment on index tracker.freeleech_tokens_pkey is 'One token by its identifier.';
comment on index tracker.freeleech_tokens_no_overlap is 'No two tokens at once on one torrent, and whether one runs now.';
comment on index tracker.freeleech_tokens_user_idx is 'The tokens of a person, the unspent ones apart; serves the foreign key.';
comment on index tracker.freeleech_tokens_torrent_idx is 'Serves the foreign key.';
comment on index tracker.freeleech_tokens_lapse_idx is 'Tokens that lapsed unspent.';

alter table tracker.freeleech_tokens enable row level security;

create table tracker.top_lists (
  list text not null,
  place smallint not null,
  user_id uuid not null,
  value numeric not null,
  refreshed_at timestamptz not null default now(),
  constraint top_lists_pkey primary key (list, place),
  constraint top_lists_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint top_lists_list_check check (
    list in ('uploaded', 'downloaded', 'ratio', 'seedbonus', 'seed_seconds', 'torrents_uploaded', 'torrents_snatched', 'requests_filled')
  ),
  constraint top_lists_place_check check (place > 0)
);

comment on table tracker.top_lists is
  E'@name top_list_entry\nThe first hundred people of each figure, as of last night. A table, because a materialised view has no row-level security. Nobody stands in it who keeps their statistics to themselves.';
comment on column tracker.top_lists.list is 'Which figure: uploaded, downloaded, ratio, seedbonus, seed_seconds, torrents_uploaded, torrents_snatched or requests_filled.';
comment on column tracker.top_lists.place is 'The place, from 1; equal figures go by who has been here longer.';
comment on column tracker.top_lists.user_id is 'Who.';
comment on column tracker.top_lists.value is 'The figure.';
comment on column tracker.top_lists.refreshed_at is 'As of when.';
comment on constraint top_lists_list_check on tracker.top_lists is 'The lists that exist.';
comment on constraint top_lists_place_check on tracker.top_lists is 'Places count from 1.';

create index top_lists_user_idx on tracker.top_lists (user_id);

comment on index tracker.top_lists_pkey is 'A list from its first place on.';
comment on index tracker.top_lists_user_idx is 'The places of a person; serves the foreign key.';

alter table tracker.top_lists enable row level security;

create type tracker.announce_work as (
  place integer,
  failure text,
  user_id uuid,
  torrent_id uuid,
  peer_id bytea,
  ip_address inet,
  port integer,
  uploaded bigint,
  downloaded bigint,
  left_bytes bigint,
  event text,
  user_agent varchar(200),
  wanted integer,
  is_counted boolean,
  is_implausible boolean,
  uploaded_delta bigint,
  downloaded_delta bigint,
  credited bigint,
  charged bigint,
  token_id uuid,
  seeded_seconds bigint,
  is_completion boolean
);
comment on type tracker.announce_work is E'@behavior -*\nWhat tracker.announce_many knows of one announce between its statements.';

create index torrent_statistics_swarm_idx on tracker.torrent_statistics (torrent_id)
  where seeders > 0 or leechers > 0;
comment on index tracker.torrent_statistics_swarm_idx is 'Torrents that had a swarm at the last refresh: those whose last peer has left are found here.';

insert into ops.partition_policies (parent, key_kind, retain, export_before_drop) values
  ('tracker.announces', 'timestamptz', '2 months', true),
  ('tracker.peer_history', 'timestamptz', '2 months', true);

select ops.ensure_partitions('tracker.announces');
select ops.ensure_partitions('tracker.peer_history');

insert into ops.backup_tiers (table_name, tier) values
  ('tracker.passkeys', 'A'),
  ('tracker.peers', 'D'),
  ('tracker.announces', 'C'),
  ('tracker.peer_history', 'C'),
  ('tracker.peer_history_daily', 'B'),
  ('tracker.user_torrents', 'B'),
  ('tracker.user_statistics', 'A'),
  ('tracker.bonus_rules', 'A'),
  ('tracker.bonus_transactions', 'A'),
  ('tracker.freeleech_tokens', 'A'),
  ('tracker.top_lists', 'D');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('tracker.passkeys', 'user_id', 'delete', 'A credential of the person.'),
  ('tracker.peers', 'user_id', 'delete', 'Tells what a person shares, and from where.'),
  ('tracker.peers', 'ip_address', 'delete', 'Tells from where a person shares; goes with the session.'),
  ('tracker.announces', 'user_id', 'delete', 'Tells what a person shared, when and from where.'),
  ('tracker.announces', 'ip_address', 'delete', 'Tells from where a person shared; otherwise kept for the current month and two more.'),
  ('tracker.peer_history', 'user_id', 'delete', 'Tells what a person shared and when.'),
  ('tracker.peer_history_daily', 'user_id', 'delete', 'Tells what a person shared and when.'),
  ('tracker.user_torrents', 'user_id', 'delete', 'Tells what a person shared; the totals of the torrent stay.'),
  ('tracker.user_statistics', 'user_id', 'delete', 'Tells what a person did.'),
  ('tracker.bonus_transactions', 'user_id', 'keep', 'Book-keeping: bounties and gifts of others rest on it; points at the tombstone.'),
  ('tracker.bonus_transactions', 'counterparty_id', 'keep', 'Book-keeping: the movement belongs to somebody else; points at the tombstone.'),
  ('tracker.bonus_transactions', 'description', 'scrub', 'May be written by the person; the movement stands without it.'),
  ('tracker.freeleech_tokens', 'user_id', 'delete', 'Tells what a person downloaded.'),
  ('tracker.top_lists', 'user_id', 'delete', 'Names a person.');

insert into ops.retention_policies (name, target, predicate) values
  ('tracker_revoked_passkeys', 'tracker.passkeys', 'revoked_at < :now - interval ''90 days'''),
  ('tracker_lapsed_tokens', 'tracker.freeleech_tokens', 'activated_at is null and use_before < :now - interval ''90 days'''),
  ('tracker_peer_days', 'tracker.peer_history_daily', 'day < (:now at time zone ''UTC'')::date - interval ''2 years''');

insert into core.user_metrics (name, query) values
  ('uploaded_bytes', 'select user_id, uploaded::numeric as value from tracker.user_statistics'),
  ('downloaded_bytes', 'select user_id, downloaded::numeric as value from tracker.user_statistics'),
  -- Nothing downloaded is a ratio beyond every threshold.
  ('ratio', 'select user_id, coalesce(ratio, 999999) as value from tracker.user_statistics'),
  ('torrents_uploaded', 'select user_id, torrents_uploaded::numeric as value from tracker.user_statistics'),
  ('torrents_snatched', 'select user_id, torrents_snatched::numeric as value from tracker.user_statistics'),
  ('seed_days', 'select user_id, floor(seed_seconds / 86400.0) as value from tracker.user_statistics');

insert into core.settings (key, value, type, description, is_public) values
  ('tracker.swarm.announce_interval_seconds', '1800', 'integer', 'How often a client is asked to announce.', true),
  ('tracker.swarm.min_interval_seconds', '60', 'integer', 'Announces without an event that come sooner after the one before are answered, but not counted.', true),
  ('tracker.swarm.max_bytes_per_second', '1250000000', 'integer', 'What a client cannot move in a second: more is not credited, and looked into.', false),
  ('tracker.swarm.blocked_ports', '[0,20,21,22,23,25,53,80,110,135,137,138,139,143,443,445,465,587,993,995,3389]', 'json', 'Ports on which no client listens in good faith.', false),
  ('tracker.swarm.blocked_clients', '[]', 'json', 'Beginnings of the peer ids of clients that are not welcome, such as "-XL".', false),
  ('tracker.swarm.seed_hours', '48', 'integer', 'For how many hours what was completed is to be seeded, unless as much was uploaded of it.', true),
  ('tracker.swarm.seed_grace_days', '14', 'integer', 'Within how many days that is to be done, before it counts as hit and run.', true),
  ('tracker.bonus.gift_fee', '0.10', 'decimal', 'What of a gift is lost on the way, from 0 to below 1.', true),
  ('tracker.bonus.freeleech_price', '5000', 'decimal', 'Points that a freeleech token costs.', true),
  ('tracker.bonus.freeleech_days', '7', 'integer', 'For how many days a freeleech token makes a torrent free.', true);

insert into tracker.bonus_rules (name, description, event, conditions, amount, period, max_per_period) values
  ('Seeding', 'For every torrent that you seed, each hour.', 'seeding', '{}', 1, 'hour', 100),
  ('Seeding what few seed', 'For every torrent with at most three seeders that you are one of, each hour.', 'seeding', '{"max_seeders":3}', 2, 'hour', 100),
  ('Upload', 'For every upload that is approved.', 'upload_approved', '{}', 100, 'once', null);

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('tracker.insufficient_points', 'ST409', 'There are not enough points in the account.', 'Seed for a while, or spend less.'),
  ('bonus.balance_too_large', 'ST422', 'An account holds less than ten million million points.', 'Move less.'),
  ('bonus.amount_invalid', 'ST422', 'This is not an amount of points to move.', 'Send a number above zero with at most four decimals; what arrives of it must be above zero too.'),
  ('bonus.gift_to_self', 'ST422', 'A gift goes to somebody else.', 'Choose another recipient.'),
  ('bonus.rule_invalid', 'ST422', 'A rule needs a name, a known event and period, points above zero, known conditions and an end after its beginning.', 'Correct the values.'),
  ('bonus.rule_unknown', 'ST404', 'There is no such rule.', 'Check the identifier.'),
  ('bonus.rule_name_taken', 'ST409', 'There is a rule of this name.', 'Choose another name.'),
  ('freeleech_token.count_invalid', 'ST422', 'Tokens come one to a hundred at a time.', 'Send a number of that range.'),
  ('freeleech_token.none_left', 'ST410', 'You have no freeleech token left.', 'Buy one with points.'),
  ('freeleech_token.running', 'ST409', 'This torrent is free for you already.', 'Spend the token when that ends.'),
  ('freeleech_token.torrent_unknown', 'ST404', 'There is no such torrent, or it is not offered.', 'Check the identifier.'),
  ('passkey.invalid', 'ST422', 'This is not the digest of a fresh passkey.', 'Make a new one.'),
  ('passkey.none', 'ST404', 'This person has no passkey.', 'There is nothing to revoke.'),
  ('announce.passkey_unknown', 'ST401', 'The passkey is not known; download the .torrent file again.', 'It was replaced or withdrawn: fetch the .torrent file anew.'),
  ('announce.account_barred', 'ST403', 'This account may not use the tracker.', 'Sign in to the site to see why.'),
  ('announce.torrent_unregistered', 'ST404', 'This torrent is not registered here.', 'It waits for approval, or was taken down.'),
  ('announce.invalid', 'ST422', 'The announce is malformed.', 'Send 20 bytes of info_hash and peer_id, numbers from zero, and a known event.'),
  ('announce.port_blocked', 'ST422', 'Choose another port for your client.', 'Ports of other services are refused.'),
  ('announce.client_blocked', 'ST403', 'This client is not allowed here.', 'Use another BitTorrent client.'),
  ('announce.too_many_downloads', 'ST403', 'You download as many torrents at once as your class may.', 'Finish or stop one of them first.');

-- Down Migration

delete from core.error_codes
where reason = 'tracker.insufficient_points'
   or reason like 'bonus.%'
   or reason like 'freeleech\_token.%'
   or reason like 'passkey.%'
   or reason like 'announce.%';
delete from core.settings where key like 'tracker.swarm.%' or key like 'tracker.bonus.%';
delete from core.user_metrics
where name in ('uploaded_bytes', 'downloaded_bytes', 'ratio', 'torrents_uploaded', 'torrents_snatched', 'seed_days');
delete from ops.retention_policies where name in ('tracker_revoked_passkeys', 'tracker_lapsed_tokens', 'tracker_peer_days');
delete from ops.personal_data_rules
where table_name in (
  'tracker.passkeys', 'tracker.peers', 'tracker.announces', 'tracker.peer_history', 'tracker.peer_history_daily',
  'tracker.user_torrents', 'tracker.user_statistics', 'tracker.bonus_transactions', 'tracker.freeleech_tokens',
  'tracker.top_lists'
);
delete from ops.backup_tiers
where table_name in (
  'tracker.passkeys', 'tracker.peers', 'tracker.announces', 'tracker.peer_history', 'tracker.peer_history_daily',
  'tracker.user_torrents', 'tracker.user_statistics', 'tracker.bonus_rules', 'tracker.bonus_transactions',
  'tracker.freeleech_tokens', 'tracker.top_lists'
);
delete from ops.archive_exports where parent in ('tracker.announces', 'tracker.peer_history');
delete from ops.partition_policies where parent in ('tracker.announces', 'tracker.peer_history');

drop index tracker.torrent_statistics_swarm_idx;
drop type tracker.announce_work;
drop table tracker.top_lists;
drop table tracker.freeleech_tokens;
alter table tracker.request_bounties
  drop constraint request_bounties_debit_fkey,
  drop constraint request_bounties_refund_fkey;
drop table tracker.bonus_transactions;
drop table tracker.bonus_rules;
drop table tracker.user_statistics;
drop table tracker.user_torrents;
drop table tracker.peer_history_daily;
drop table tracker.peer_history;
drop table tracker.announces;
drop table tracker.peers;
drop table tracker.passkeys;
revoke usage on schema tracker from stoa_tracker;
