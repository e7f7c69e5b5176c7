create or replace function forums.forums_theme(p_forum forums.forums)
returns text
language plpgsql
stable
-- Whether the owner is premium is not for everybody to read.
security definer
set search_path = ''
as $$
begin
  return (
    select forum.custom_css
    from forums.forums as forum
    where forum.id = p_forum.id
      and forum.custom_css is not null
      and forums.is_premium(forum.owner_id)
  );
end
$$;

comment on function forums.forums_theme(forums.forums) is
  'The style of a forum, checked and confined to [data-forum="<id>"]; null when there is none or its owner is no longer premium. Two look-ups by primary key.';

revoke all on function forums.forums_theme(forums.forums) from public;
grant execute on function forums.forums_theme(forums.forums) to stoa_anonymous;
