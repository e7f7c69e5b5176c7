-- Why: governance: a registry of tokens, what people hold of them, proposals that are voted on with the power that was
-- held when voting opened, and their discussion.
-- Lock order of everything in this module and of the ledger, in functions and in triggers alike: token, proposal,
-- holdings by (user, token), then ballots, then the shards of the running tally by their keys, then comments.
-- Locks: none on anything that holds data. Back: drops the schema with all proposals and holdings in it; the ledger,
-- which stands on it, must be gone before.

-- Up Migration

create schema governance;
comment on schema governance is 'Governance: tokens, holdings, proposals, weighted ballots and their discussion.';

grant usage on schema governance to stoa_anonymous, stoa_worker;

create table governance.tokens (
  id uuid not null default core.uuidv7(),
  symbol varchar(16) not null,
  name varchar(100) not null,
  network varchar(32) not null default 'internal',
  contract_address varchar(128),
  contract_address_key varchar(128) generated always as (lower(contract_address)) stored,
  decimals smallint not null default 18,
  display_scale smallint not null default 6,
  total_supply numeric(78,18) not null default 0,
  circulating_supply numeric(78,18) not null default 0,
  balance_weight numeric(9,4) not null default 1,
  stake_weight numeric(9,4) not null default 1,
  description text,
  image_url text,
  is_active boolean not null default true,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tokens_pkey primary key (id),
  constraint tokens_supply_check check (total_supply >= 0 and circulating_supply >= 0 and circulating_supply <= total_supply),
  constraint tokens_digits_check check (
    decimals between 0 and 18
    and display_scale between 0 and 18
    and balance_weight >= 0
    and stake_weight >= 0
  ),
  constraint tokens_image_url_check check (image_url ~ '^https?://'),
  constraint tokens_description_check check (char_length(description) <= 10000)
);

comment on table governance.tokens is
  E'@name token\nA token: something that people hold and that gives them a voice.';
comment on column governance.tokens.id is 'Time-ordered identifier.';
comment on column governance.tokens.symbol is 'The ticker.';
comment on column governance.tokens.name is 'The name people see.';
comment on column governance.tokens.network is 'The chain that the token lives on, or internal.';
comment on column governance.tokens.contract_address is 'Address of the contract as it is displayed; null for native and internal tokens.';
comment on column governance.tokens.contract_address_key is 'The address in its canonical form.';
comment on column governance.tokens.decimals is 'Decimals of an amount: what is finer does not exist.';
comment on column governance.tokens.display_scale is 'Decimals that clients show.';
comment on column governance.tokens.total_supply is 'How many there are.';
comment on column governance.tokens.circulating_supply is 'How many are in circulation.';
comment on column governance.tokens.balance_weight is 'Voting power of one free unit.';
comment on column governance.tokens.stake_weight is 'Voting power of one staked unit.';
comment on column governance.tokens.description is 'What the token is for.';
comment on column governance.tokens.image_url is 'The logo.';
comment on column governance.tokens.is_active is 'Whether new proposals may be decided by it.';
comment on column governance.tokens.inserted_at is 'When the row was made.';
comment on column governance.tokens.updated_at is 'When the row was last changed.';

create unique index tokens_symbol_key on governance.tokens (network, upper(symbol));
comment on index governance.tokens_symbol_key is 'One token by its chain and ticker; no ticker twice on a chain, whatever the case.';
create unique index tokens_contract_key on governance.tokens (network, contract_address_key)
  where contract_address_key is not null;
comment on index governance.tokens_contract_key is 'One token by its contract; one row a contract and chain.';

comment on index governance.tokens_pkey is 'One token by its identifier.';
comment on constraint tokens_supply_check on governance.tokens is 'What circulates is a part of what there is.';
comment on constraint tokens_digits_check on governance.tokens is 'Digits that an amount can have, and weights that count for and never against.';
comment on constraint tokens_image_url_check on governance.tokens is 'A web address.';
comment on constraint tokens_description_check on governance.tokens is 'A text has an end.';

alter table governance.tokens enable row level security;

create table governance.user_tokens (
  user_id uuid not null,
  token_id uuid not null,
  balance numeric(78,18) not null default 0,
  staked_balance numeric(78,18) not null default 0,
  voting_power numeric(78,18) not null default 0,
  last_updated timestamptz not null default now(),
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_tokens_pkey primary key (user_id, token_id),
  constraint user_tokens_user_id_fkey foreign key (user_id) references core.users (id) on delete restrict,
  constraint user_tokens_token_id_fkey foreign key (token_id) references governance.tokens (id) on delete restrict,
  constraint user_tokens_non_negative check (balance >= 0 and staked_balance >= 0 and voting_power >= 0)
) with (fillfactor = 80);

comment on table governance.user_tokens is
  E'@name token_holding\nWhat one person holds of one token, and the voting power it gives.';
comment on column governance.user_tokens.user_id is 'Who holds.';
comment on column governance.user_tokens.token_id is 'What is held.';
comment on column governance.user_tokens.balance is 'The free balance, without what is staked. Kept by the ledger.';
comment on column governance.user_tokens.staked_balance is 'What is staked.';
comment on column governance.user_tokens.voting_power is 'balance × balance_weight + staked_balance × stake_weight, to 18 decimals. Kept by a trigger, and by a job after the weights of the token change.';
comment on column governance.user_tokens.last_updated is 'When the voting power was last computed.';
comment on column governance.user_tokens.inserted_at is 'When the row was made.';
comment on column governance.user_tokens.updated_at is 'When the row was last changed.';

create index user_tokens_power_idx on governance.user_tokens (token_id, voting_power desc, user_id);
comment on index governance.user_tokens_power_idx is 'The largest holders of a token, by keyset; the snapshot at the opening of a proposal; supports the foreign key.';

comment on index governance.user_tokens_pkey is 'The balance of one person in one token; the holdings of one person.';
comment on constraint user_tokens_non_negative on governance.user_tokens is 'Nobody can owe.';

alter table governance.user_tokens enable row level security;

create table governance.proposals (
  id uuid not null default core.uuidv7(),
  proposer_id uuid,
  token_id uuid not null,
  title varchar(300) not null,
  description text not null,
  type text not null default 'general',
  status text not null default 'draft',
  metadata jsonb not null default '{}',
  voting_start timestamptz,
  voting_end timestamptz,
  quorum_threshold numeric(7,6) not null default 0.200000,
  approval_threshold numeric(7,6) not null default 0.500000,
  snapshot_at timestamptz,
  snapshot_power numeric(78,18),
  total_votes integer not null default 0,
  yes_votes integer not null default 0,
  no_votes integer not null default 0,
  abstain_votes integer not null default 0,
  yes_power numeric(78,18) not null default 0,
  no_power numeric(78,18) not null default 0,
  abstain_power numeric(78,18) not null default 0,
  closed_at timestamptz,
  cancelled_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint proposals_pkey primary key (id),
  constraint proposals_proposer_id_fkey foreign key (proposer_id) references core.users (id) on delete set null,
  constraint proposals_token_id_fkey foreign key (token_id) references governance.tokens (id) on delete restrict,
  constraint proposals_type_check check (type in ('general', 'parameter', 'treasury', 'membership', 'upgrade')),
  constraint proposals_status_check check (status in ('draft', 'active', 'passed', 'rejected', 'expired')),
  constraint proposals_period_check check (voting_end > voting_start),
  constraint proposals_opened_check check (
    status in ('draft', 'expired')
    or (voting_start is not null and voting_end is not null and snapshot_power is not null)
  ),
  constraint proposals_thresholds_check check (quorum_threshold between 0 and 1 and approval_threshold between 0 and 1),
  constraint proposals_tally_check check (
    total_votes = yes_votes + no_votes + abstain_votes
    and yes_votes >= 0
    and no_votes >= 0
    and abstain_votes >= 0
  ),
  constraint proposals_power_check check (
    yes_power >= 0
    and no_power >= 0
    and abstain_power >= 0
    and yes_power + no_power + abstain_power <= coalesce(snapshot_power, 0)
  ),
  constraint proposals_title_check check (char_length(btrim(title)) > 0),
  constraint proposals_description_check check (char_length(description) <= 40000),
  constraint proposals_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 65536)
);

comment on table governance.proposals is
  E'@name proposal\nA proposal: a text that the holders of a token accept or refuse.';
comment on column governance.proposals.id is 'Time-ordered identifier.';
comment on column governance.proposals.proposer_id is 'Who made it.';
comment on column governance.proposals.token_id is 'The token whose holders decide.';
comment on column governance.proposals.title is 'The headline.';
comment on column governance.proposals.description is 'The text that is voted on.';
comment on column governance.proposals.type is 'general, parameter, treasury, membership or upgrade.';
comment on column governance.proposals.status is 'draft; active while it is voted on; then passed, rejected, or expired: no quorum, never opened, or cancelled.';
comment on column governance.proposals.metadata is 'An executable payload, links.';
comment on column governance.proposals.voting_start is 'When voting opens.';
comment on column governance.proposals.voting_end is 'When voting closes: the first moment at which a ballot is late.';
comment on column governance.proposals.quorum_threshold is 'The fraction of the frozen power that must take part.';
comment on column governance.proposals.approval_threshold is 'The fraction of yes among yes and no that carries the proposal.';
comment on column governance.proposals.snapshot_at is 'When the powers were frozen.';
comment on column governance.proposals.snapshot_power is 'The sum of all frozen powers.';
comment on column governance.proposals.total_votes is 'Ballots. Like the six that follow, written once, when voting closes; the running result is governance.tally.';
comment on column governance.proposals.yes_votes is 'Ballots for yes.';
comment on column governance.proposals.no_votes is 'Ballots for no.';
comment on column governance.proposals.abstain_votes is 'Ballots that abstain.';
comment on column governance.proposals.yes_power is 'Power for yes.';
comment on column governance.proposals.no_power is 'Power for no.';
comment on column governance.proposals.abstain_power is 'Power that abstains: it counts for the quorum only.';
comment on column governance.proposals.closed_at is 'When the ballots were counted.';
comment on column governance.proposals.cancelled_at is 'When it was cancelled.';
comment on column governance.proposals.inserted_at is 'When the row was made.';
comment on column governance.proposals.updated_at is 'When the row was last changed.';

create index proposals_status_idx on governance.proposals (status, voting_end, id);
comment on index governance.proposals_status_idx is 'The open proposals, the next to close first; the ones that are due for closing.';
create index proposals_start_idx on governance.proposals (voting_start)
  where status = 'draft' and voting_start is not null;
comment on index governance.proposals_start_idx is 'The scheduled drafts that are due for opening.';
create index proposals_proposer_idx on governance.proposals (proposer_id, id desc);
comment on index governance.proposals_proposer_idx is E'@order NEW\nThe proposals of one person, newest first; supports the foreign key.';
create index proposals_token_idx on governance.proposals (token_id, id desc);
comment on index governance.proposals_token_idx is E'@order NEW\nThe proposals that one token decides, newest first; supports the foreign key.';

comment on index governance.proposals_pkey is 'One proposal by its identifier; all of them, newest first.';
comment on constraint proposals_type_check on governance.proposals is 'The kinds that exist.';
comment on constraint proposals_status_check on governance.proposals is 'The states that exist.';
comment on constraint proposals_period_check on governance.proposals is 'Voting ends after it begins.';
comment on constraint proposals_opened_check on governance.proposals is 'What is or was voted on has its times and its frozen power.';
comment on constraint proposals_thresholds_check on governance.proposals is 'Fractions.';
comment on constraint proposals_tally_check on governance.proposals is 'The count agrees with itself.';
comment on constraint proposals_power_check on governance.proposals is 'No more power takes part than was frozen.';
comment on constraint proposals_title_check on governance.proposals is 'A title has at least one character.';
comment on constraint proposals_description_check on governance.proposals is 'A text has an end.';
comment on constraint proposals_metadata_check on governance.proposals is 'An object of bounded size.';

alter table governance.proposals enable row level security;

create table governance.voting_snapshots (
  proposal_id uuid not null,
  user_id uuid not null,
  voting_power numeric(78,18) not null,
  constraint voting_snapshots_pkey primary key (proposal_id, user_id),
  constraint voting_snapshots_proposal_id_fkey foreign key (proposal_id) references governance.proposals (id) on delete cascade,
  constraint voting_snapshots_user_id_fkey foreign key (user_id) references core.users (id) on delete restrict,
  constraint voting_snapshots_power_check check (voting_power > 0)
)
partition by hash (proposal_id);

comment on table governance.voting_snapshots is
  E'@name voting_snapshot\nThe voting power of one holder, frozen when the proposal opened: tokens that move afterwards cannot vote twice.';
comment on column governance.voting_snapshots.proposal_id is 'The proposal.';
comment on column governance.voting_snapshots.user_id is 'Who held.';
comment on column governance.voting_snapshots.voting_power is 'The power they have in this vote, whatever they do with their tokens afterwards.';

create index voting_snapshots_user_idx on governance.voting_snapshots (user_id);
comment on index governance.voting_snapshots_user_idx is 'What one person may vote on; supports the foreign key.';

comment on index governance.voting_snapshots_pkey is 'The frozen power of one holder; the electorate of a proposal.';
comment on constraint voting_snapshots_power_check on governance.voting_snapshots is 'Only those who hold have a voice.';

alter table governance.voting_snapshots enable row level security;

create table governance.votes (
  proposal_id uuid not null,
  voter_id uuid not null,
  vote_type text not null,
  voting_power numeric(78,18) not null,
  reason varchar(2000),
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint votes_pkey primary key (proposal_id, voter_id),
  constraint votes_proposal_id_fkey foreign key (proposal_id) references governance.proposals (id) on delete cascade,
  constraint votes_voter_id_fkey foreign key (voter_id) references core.users (id) on delete restrict,
  constraint votes_snapshot_fkey foreign key (proposal_id, voter_id) references governance.voting_snapshots (proposal_id, user_id) on delete no action,
  constraint votes_type_check check (vote_type in ('yes', 'no', 'abstain')),
  constraint votes_power_check check (voting_power > 0)
)
partition by hash (proposal_id);

comment on table governance.votes is
  E'@name ballot\nA ballot: the weighted vote of one holder on one proposal.';
comment on column governance.votes.proposal_id is 'The proposal.';
comment on column governance.votes.voter_id is 'Who voted.';
comment on column governance.votes.vote_type is 'yes, no or abstain.';
comment on column governance.votes.voting_power is 'The weight of the ballot, copied from the snapshot.';
comment on column governance.votes.reason is 'Why, in the words of the voter.';
comment on column governance.votes.inserted_at is 'When the row was made.';
comment on column governance.votes.updated_at is 'When the row was last changed.';

create index votes_voter_idx on governance.votes (voter_id, proposal_id);
comment on index governance.votes_voter_idx is 'The voting record of one person; supports the foreign key.';
create index votes_count_idx on governance.votes (proposal_id, vote_type) include (voting_power);
comment on index governance.votes_count_idx is 'The count when voting closes, without reading the table; the ballots of one choice.';

comment on index governance.votes_pkey is 'The ballot of one holder; the ballots of a proposal.';
comment on constraint votes_snapshot_fkey on governance.votes is E'@isIndexed\n@fieldName snapshot\n@foreignSingleFieldName ballot\nOnly those vote who held when the proposal opened.';
comment on constraint votes_type_check on governance.votes is 'The choices that exist.';
comment on constraint votes_power_check on governance.votes is 'A ballot weighs something.';

alter table governance.votes enable row level security;

create table governance.vote_tallies (
  proposal_id uuid not null,
  shard smallint not null,
  yes_votes integer not null default 0,
  no_votes integer not null default 0,
  abstain_votes integer not null default 0,
  yes_power numeric(78,18) not null default 0,
  no_power numeric(78,18) not null default 0,
  abstain_power numeric(78,18) not null default 0,
  constraint vote_tallies_pkey primary key (proposal_id, shard),
  constraint vote_tallies_proposal_id_fkey foreign key (proposal_id) references governance.proposals (id) on delete cascade,
  constraint vote_tallies_check check (
    shard between 0 and 15
    and yes_votes >= 0
    and no_votes >= 0
    and abstain_votes >= 0
    and yes_power >= 0
    and no_power >= 0
    and abstain_power >= 0
  )
) with (fillfactor = 30);

comment on table governance.vote_tallies is
  'The running result of a proposal that is voted on, in sixteen shards, so that voters do not queue up at one row: with 32 of them a single row takes 5,500 ballots a second, sixteen take 17,000. Kept by a trigger on ballots, gone when voting closes. No role of the API has a grant here.';
comment on column governance.vote_tallies.proposal_id is 'The proposal.';
comment on column governance.vote_tallies.shard is 'Which sixteenth of the voters; see governance.tally_shard.';
comment on column governance.vote_tallies.yes_votes is 'Ballots for yes.';
comment on column governance.vote_tallies.no_votes is 'Ballots for no.';
comment on column governance.vote_tallies.abstain_votes is 'Ballots that abstain.';
comment on column governance.vote_tallies.yes_power is 'Power for yes.';
comment on column governance.vote_tallies.no_power is 'Power for no.';
comment on column governance.vote_tallies.abstain_power is 'Power that abstains.';

comment on index governance.vote_tallies_pkey is 'The shards of one proposal.';
comment on constraint vote_tallies_check on governance.vote_tallies is 'Sixteen shards, and a count is never negative.';

alter table governance.vote_tallies enable row level security;

create table governance.comments (
  proposal_id uuid not null,
  id uuid not null default core.uuidv7(),
  user_id uuid,
  parent_id uuid,
  content text not null,
  likes integer not null default 0,
  dislikes integer not null default 0,
  edited_at timestamptz,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint comments_pkey primary key (proposal_id, id),
  constraint comments_proposal_id_fkey foreign key (proposal_id) references governance.proposals (id) on delete cascade,
  constraint comments_user_id_fkey foreign key (user_id) references core.users (id) on delete set null,
  constraint governance_comments_parent_fkey foreign key (proposal_id, parent_id) references governance.comments (proposal_id, id) on delete no action,
  constraint governance_comments_counts_check check (likes >= 0 and dislikes >= 0),
  constraint governance_comments_length_check check (char_length(content) <= 10000),
  constraint governance_comments_tombstone_check check (deleted_at is null or content = '')
)
partition by hash (proposal_id);

comment on table governance.comments is
  E'@name proposal_comment\nA comment on a proposal, or an answer to another comment.';
comment on column governance.comments.proposal_id is 'The proposal.';
comment on column governance.comments.id is 'Time-ordered identifier.';
comment on column governance.comments.user_id is 'Who wrote it.';
comment on column governance.comments.parent_id is 'The comment that this one answers, on the same proposal; null = top level.';
comment on column governance.comments.content is 'The text; empty on a tombstone.';
comment on column governance.comments.likes is 'How many like it. Kept by a trigger on reactions.';
comment on column governance.comments.dislikes is 'How many dislike it. Kept by a trigger on reactions.';
comment on column governance.comments.edited_at is 'When the text was last edited.';
comment on column governance.comments.deleted_at is 'When it was deleted: the row stays as a tombstone, the text is out of reach.';
comment on column governance.comments.inserted_at is 'When the row was made.';
comment on column governance.comments.updated_at is 'When the row was last changed.';

create index governance_comments_parent_idx on governance.comments (proposal_id, parent_id)
  where parent_id is not null;
comment on index governance.governance_comments_parent_idx is 'The answers to one comment; supports the foreign key.';
create index governance_comments_user_idx on governance.comments (user_id)
  where user_id is not null;
comment on index governance.governance_comments_user_idx is 'The comments of one person; supports the foreign key.';

comment on index governance.comments_pkey is 'The discussion of a proposal in order of time; one comment.';
comment on constraint governance_comments_parent_fkey on governance.comments is E'@isIndexed\n@foreignFieldName replies\nAn answer belongs to the proposal of the comment that it answers.';
comment on constraint governance_comments_counts_check on governance.comments is 'A count is never negative.';
comment on constraint governance_comments_length_check on governance.comments is 'A text has an end.';
comment on constraint governance_comments_tombstone_check on governance.comments is 'A deleted comment says nothing.';

alter table governance.comments enable row level security;

create table governance.removed_texts (
  proposal_id uuid not null,
  comment_id uuid not null,
  content text not null,
  removed_at timestamptz not null default now(),
  constraint removed_texts_pkey primary key (proposal_id, comment_id),
  constraint removed_texts_comment_fkey foreign key (proposal_id, comment_id) references governance.comments (proposal_id, id) on delete cascade
);

comment on table governance.removed_texts is
  'The text of a deleted comment, out of reach of every client, so that a moderator can judge it for 30 days. No role of the API has a grant here.';
comment on column governance.removed_texts.proposal_id is 'The proposal.';
comment on column governance.removed_texts.comment_id is 'The tombstone.';
comment on column governance.removed_texts.content is 'What it said.';
comment on column governance.removed_texts.removed_at is 'When it was removed; gone 30 days later.';

create index removed_texts_purge_idx on governance.removed_texts (removed_at);
comment on index governance.removed_texts_purge_idx is 'Texts that are due for purging.';

comment on index governance.removed_texts_pkey is 'The text of one tombstone.';

alter table governance.removed_texts enable row level security;

create table governance.comment_votes (
  proposal_id uuid not null,
  comment_id uuid not null,
  user_id uuid not null,
  value smallint not null,
  inserted_at timestamptz not null default now(),
  constraint comment_votes_pkey primary key (proposal_id, comment_id, user_id),
  constraint governance_comment_votes_fkey foreign key (proposal_id, comment_id) references governance.comments (proposal_id, id) on delete cascade,
  constraint comment_votes_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint governance_comment_votes_value_check check (value in (-1, 1))
)
partition by hash (proposal_id);

comment on table governance.comment_votes is
  E'@name proposal_comment_vote\nWhether one person likes or dislikes a comment on a proposal. No row = neither.';
comment on column governance.comment_votes.proposal_id is 'The proposal.';
comment on column governance.comment_votes.comment_id is 'The comment.';
comment on column governance.comment_votes.user_id is 'Who reacted.';
comment on column governance.comment_votes.value is '1 likes it, -1 dislikes it.';
comment on column governance.comment_votes.inserted_at is 'When the row was made.';

create index governance_comment_votes_user_idx on governance.comment_votes (user_id);
comment on index governance.governance_comment_votes_user_idx is 'The reactions of one person; supports the foreign key.';

comment on index governance.comment_votes_pkey is 'The reaction of one person to a comment; the reactions to a comment.';
comment on constraint governance_comment_votes_fkey on governance.comment_votes is E'@isIndexed\nA reaction belongs to the proposal of its comment.';
comment on constraint governance_comment_votes_value_check on governance.comment_votes is 'One or the other.';

alter table governance.comment_votes enable row level security;

-- Hash partitions are made once and for all; there is nothing for the partition manager to do.
do $$
begin
  for remainder in 0..7 loop
    execute format('create table parts.governance_voting_snapshots_%s partition of governance.voting_snapshots for values with (modulus 8, remainder %s)', remainder, remainder);
    execute format('alter table parts.governance_voting_snapshots_%s enable row level security', remainder);
    execute format('comment on table parts.governance_voting_snapshots_%s is %L', remainder, format('Partition of governance.voting_snapshots: one eighth of the electorates, by proposal.'));
  end loop;
end
$$;

do $$
begin
  for remainder in 0..7 loop
    execute format('create table parts.governance_votes_%s partition of governance.votes for values with (modulus 8, remainder %s)', remainder, remainder);
    execute format('alter table parts.governance_votes_%s enable row level security', remainder);
    execute format('comment on table parts.governance_votes_%s is %L', remainder, format('Partition of governance.votes: one eighth of the ballots, by proposal.'));
  end loop;
end
$$;

do $$
begin
  for remainder in 0..7 loop
    execute format('create table parts.governance_comments_%s partition of governance.comments for values with (modulus 8, remainder %s)', remainder, remainder);
    execute format('alter table parts.governance_comments_%s enable row level security', remainder);
    execute format('comment on table parts.governance_comments_%s is %L', remainder, format('Partition of governance.comments: one eighth of the comments, by proposal.'));
  end loop;
end
$$;

do $$
begin
  for remainder in 0..7 loop
    execute format('create table parts.governance_comment_votes_%s partition of governance.comment_votes for values with (modulus 8, remainder %s)', remainder, remainder);
    execute format('alter table parts.governance_comment_votes_%s enable row level security', remainder);
    execute format('comment on table parts.governance_comment_votes_%s is %L', remainder, format('Partition of governance.comment_votes: one eighth of the reactions, by proposal.'));
  end loop;
end
$$;

insert into ops.backup_tiers (table_name, tier) values
  ('governance.tokens', 'A'),
  ('governance.user_tokens', 'A'),
  ('governance.proposals', 'A'),
  ('governance.voting_snapshots', 'A'),
  ('governance.votes', 'A'),
  ('governance.vote_tallies', 'A'),
  ('governance.comments', 'B'),
  ('governance.removed_texts', 'B'),
  ('governance.comment_votes', 'B');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('governance.user_tokens', 'user_id', 'keep', 'Balances are accounts of value that the ledger must add up to; points at the tombstone.'),
  ('governance.proposals', 'proposer_id', 'keep', 'Who proposed is a part of the decision; points at the tombstone.'),
  ('governance.proposals', 'title', 'keep', 'Others voted on exactly this text.'),
  ('governance.proposals', 'description', 'keep', 'Others voted on exactly this text.'),
  ('governance.voting_snapshots', 'user_id', 'keep', 'The electorate that the quorum is measured by; points at the tombstone.'),
  ('governance.votes', 'voter_id', 'keep', 'An impersonal fact that the result rests on; points at the tombstone.'),
  ('governance.votes', 'reason', 'scrub', 'Written by the person; the ballot counts without it.'),
  ('governance.comments', 'user_id', 'keep', 'The comment becomes a tombstone in its discussion, without text.'),
  ('governance.comments', 'content', 'scrub', 'Written by the person; the comment becomes a tombstone.'),
  ('governance.removed_texts', 'content', 'delete', 'Written by the person, and nobody may read it any more.'),
  ('governance.comment_votes', 'user_id', 'keep', 'An impersonal fact that the counters rest on; points at the tombstone.');

insert into ops.retention_policies (name, target, predicate) values
  ('governance_removed_texts', 'governance.removed_texts', 'removed_at < :now - interval ''30 days''');

insert into core.settings (key, value, type, description, is_public) values
  ('governance.min_power_to_propose', '1', 'decimal', 'The voting power in its token that somebody needs to make a proposal.', true),
  ('governance.open_ballots', 'false', 'boolean', 'Whether members see ballots and the running result while voting is open.', true);

insert into core.user_metrics (name, query) values
  ('governance_ballots', 'select voter_id as user_id, count(*) as value from governance.votes group by voter_id'),
  ('governance_proposals', 'select proposer_id as user_id, count(*) as value from governance.proposals where status <> ''draft'' and proposer_id is not null group by proposer_id'),
  ('governance_comments', 'select user_id, count(*) as value from governance.comments where deleted_at is null and user_id is not null group by user_id');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('token.unknown', 'ST404', 'There is no such token.', 'Check the identifier.'),
  ('token.retired', 'ST409', 'This token is retired.', 'Choose a token that is active.'),
  ('token.symbol_taken', 'ST409', 'There is a token with this ticker on this network.', 'Choose another ticker.'),
  ('token.contract_taken', 'ST409', 'There is a token with this contract on this network.', 'Change that token instead.'),
  ('token.figures_invalid', 'ST422', 'The figures of the token do not fit.', 'Decimals are 0 to 18, weights and supplies not negative, and no more circulates than there is.'),
  ('token.amount_invalid', 'ST422', 'This is not an amount of this token.', 'Send more than zero, with no more decimals than the token has.'),
  ('holding.insufficient', 'ST409', 'The balance is too low.', 'Send a smaller amount, or unstake first.'),
  ('holding.too_large', 'ST422', 'No holding can be that large.', 'A holding and its voting power have at most 60 digits before the point.'),
  ('proposal.unknown', 'ST404', 'There is no such proposal, or it is still a draft.', 'Check the identifier.'),
  ('proposal.not_proposer', 'ST403', 'Only its proposer may do this.', 'Ask the proposer.'),
  ('proposal.power_too_low', 'ST403', 'You hold too little voting power to make a proposal.', 'The setting governance.min_power_to_propose says how much it takes.'),
  ('proposal.not_draft', 'ST423', 'The proposal is no longer a draft.', 'Nothing can be changed once voting has opened.'),
  ('proposal.type_unknown', 'ST422', 'There is no such type of proposal.', 'Send general, parameter, treasury, membership or upgrade.'),
  ('proposal.metadata_too_large', 'ST422', 'The metadata is too large.', 'Keep it below 64 KiB.'),
  ('proposal.period_invalid', 'ST422', 'The voting period does not fit.', 'It begins in an hour or later and lasts 1 to 30 days.'),
  ('proposal.threshold_invalid', 'ST422', 'A threshold is a fraction.', 'Send a number from 0 to 1 with at most six decimals.'),
  ('proposal.not_scheduled', 'ST409', 'The draft is not scheduled.', 'Delete the draft instead.'),
  ('proposal.closed', 'ST423', 'Voting on this proposal is not open.', 'Its voting_start and voting_end say when it is.'),
  ('proposal.frozen', 'ST423', 'What is voted on does not change.', 'Make a new proposal.'),
  ('ballot.choice_invalid', 'ST422', 'There is no such choice.', 'Send yes, no or abstain.'),
  ('ballot.no_power', 'ST403', 'You held no voting power when this proposal opened.', 'Only those vote who held the token at that moment.'),
  ('ballot.unknown', 'ST404', 'You have no ballot on this proposal.', 'There is nothing to withdraw.'),
  ('tally.hidden', 'ST403', 'The result is hidden while voting is open.', 'Ask again after voting_end.'),
  ('proposal_comment.unknown', 'ST404', 'There is no such comment on this proposal.', 'Check both identifiers.'),
  ('proposal_comment.deleted', 'ST410', 'The comment is deleted.', 'Nothing can be done.'),
  ('proposal_comment.not_author', 'ST403', 'Only its author may do this.', 'Moderators can delete a comment, not edit it.'),
  ('proposal_comment.reaction_invalid', 'ST422', 'A reaction is 1, -1, or 0 to withdraw it.', 'Send one of these.');

-- Down Migration

delete from core.error_codes
where reason in (
  'token.unknown', 'token.retired', 'token.symbol_taken', 'token.contract_taken',
  'token.figures_invalid', 'token.amount_invalid', 'holding.insufficient', 'holding.too_large',
  'proposal.unknown', 'proposal.not_proposer', 'proposal.power_too_low', 'proposal.not_draft',
  'proposal.type_unknown', 'proposal.metadata_too_large', 'proposal.period_invalid', 'proposal.threshold_invalid',
  'proposal.not_scheduled', 'proposal.closed', 'proposal.frozen', 'ballot.choice_invalid',
  'ballot.no_power', 'ballot.unknown', 'tally.hidden', 'proposal_comment.unknown',
  'proposal_comment.deleted', 'proposal_comment.not_author', 'proposal_comment.reaction_invalid'
);
delete from core.user_metrics where name in ('governance_ballots', 'governance_proposals', 'governance_comments');
delete from core.settings where key like 'governance.%';
delete from ops.retention_policies where target like 'governance.%';
delete from ops.personal_data_rules where table_name like 'governance.%';
delete from ops.backup_tiers where table_name like 'governance.%';

drop table governance.comment_votes;
drop table governance.removed_texts;
drop table governance.comments;
drop table governance.vote_tallies;
drop table governance.votes;
drop table governance.voting_snapshots;
drop table governance.proposals;
drop table governance.user_tokens;
drop table governance.tokens;
drop schema governance;
