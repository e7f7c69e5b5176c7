create or replace function groups.mentioned_ids(p_content text, p_sign text)
returns uuid[]
language sql
immutable
begin atomic
  select array(
    select distinct mention.parts[1]::uuid
    from regexp_matches(
      p_content, '<' || p_sign || '([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})>', 'g'
    ) as mention (parts)
  );
end;

comment on function groups.mentioned_ids(text, text) is
  'Internal. The identifiers that a text mentions, each once: with the sign @ people, @& roles, # channels.';

revoke all on function groups.mentioned_ids(text, text) from public;
