create or replace function forums.check_flair(p_forum_id uuid, p_flair_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  flair forums.flairs;
begin
  if p_flair_id is null then
    return;
  end if;
  select * into flair
  from forums.flairs as candidate
  where candidate.forum_id = p_forum_id and candidate.id = p_flair_id;
  if not found then
    perform core.fail('flair.unknown');
  end if;
  if flair.mod_only and not forums.can_moderate(p_forum_id, 3) then
    perform core.fail('flair.moderators_only');
  end if;
end
$$;

comment on function forums.check_flair(uuid, uuid) is
  'Internal. Refuses a label that is not of this forum (flair.unknown) or that only moderators with FLAIR may use (flair.moderators_only); no label is fine.';

revoke all on function forums.check_flair(uuid, uuid) from public;
