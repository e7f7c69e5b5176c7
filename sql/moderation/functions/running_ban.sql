create or replace function moderation.running_ban(p_user_id uuid, p_ban_type text)
returns moderation.bans
language plpgsql
stable
set search_path = ''
as $$
declare
  ban moderation.bans;
begin
  select * into ban
  from moderation.bans as candidate
  where candidate.user_id = p_user_id
    and candidate.ban_type = p_ban_type
    and candidate.lifted_at is null
    and candidate.starts_at <= clock_timestamp()
    and (candidate.expires_at is null or candidate.expires_at > clock_timestamp());
  return ban;
end
$$;

comment on function moderation.running_ban(uuid, text) is
  'Internal. The ban of a kind that is in force for somebody now, or null: one at most, because bans of a kind never overlap.';

revoke all on function moderation.running_ban(uuid, text) from public;
