create or replace function governance.tally_shard(p_voter_id uuid)
returns smallint
language sql
immutable
parallel safe
begin atomic
  select (uuid_hash_extended(p_voter_id, 0) & 15)::smallint;
end;

comment on function governance.tally_shard(uuid) is
  'Internal. The shard of the running tally that counts the ballots of a person, from 0 to 15: always the same, so that a changed ballot is taken from where it was added.';

revoke all on function governance.tally_shard(uuid) from public;
