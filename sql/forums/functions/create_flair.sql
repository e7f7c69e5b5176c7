create or replace function forums.create_flair(
  p_forum_id uuid,
  p_name text,
  p_text_color integer default null,
  p_background_color integer default null,
  p_mod_only boolean default false,
  p_position integer default 0
)
returns forums.flairs
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  flair_name constant text := core.clean_text(p_name, 64);
  flair forums.flairs;
begin
  perform forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 7);
  if p_text_color not between 0 and 16777215 or p_background_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;

  begin
    insert into forums.flairs (forum_id, name, text_color, background_color, mod_only, position)
    values (
      p_forum_id, flair_name, p_text_color, p_background_color,
      coalesce(p_mod_only, false), coalesce(p_position, 0)
    )
    returning * into flair;
  exception
    when unique_violation then perform core.fail('flair.name_taken');
  end;
  return flair;
end
$$;

comment on function forums.create_flair(uuid, text, integer, integer, boolean, integer) is
  'Adds a label to a forum. Needs MANAGE_FLAIRS (forum.not_allowed). Refuses a name that the forum has (flair.name_taken) and colours of more than 24 bits (input.malformed).';

revoke all on function forums.create_flair(uuid, text, integer, integer, boolean, integer) from public;
grant execute on function forums.create_flair(uuid, text, integer, integer, boolean, integer) to stoa_member;
