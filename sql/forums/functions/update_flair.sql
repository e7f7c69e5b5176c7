create or replace function forums.update_flair(
  p_flair_id uuid,
  p_name text default null,
  p_text_color integer default null,
  p_background_color integer default null,
  p_mod_only boolean default null,
  p_position integer default null
)
returns forums.flairs
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  flair forums.flairs;
begin
  select * into flair from forums.flairs as candidate where candidate.id = p_flair_id;
  if not found then
    perform core.fail('flair.unknown');
  end if;
  perform forums.readable_forum(flair.forum_id, 'flair.unknown');
  perform forums.require_permission(flair.forum_id, 7);
  if p_text_color not between 0 and 16777215 or p_background_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;

  begin
    update forums.flairs as target
    set name = case when p_name is null then target.name else core.clean_text(p_name, 64) end,
        text_color = coalesce(p_text_color, target.text_color),
        background_color = coalesce(p_background_color, target.background_color),
        mod_only = coalesce(p_mod_only, target.mod_only),
        position = coalesce(p_position, target.position)
    where target.id = p_flair_id
    returning * into flair;
  exception
    when unique_violation then perform core.fail('flair.name_taken');
  end;
  return flair;
end
$$;

comment on function forums.update_flair(uuid, text, integer, integer, boolean, integer) is
  'Changes a label; what is left out stays. Needs MANAGE_FLAIRS (forum.not_allowed). Refuses what forums.create_flair refuses, and an unknown label (flair.unknown).';

revoke all on function forums.update_flair(uuid, text, integer, integer, boolean, integer) from public;
grant execute on function forums.update_flair(uuid, text, integer, integer, boolean, integer) to stoa_member;
