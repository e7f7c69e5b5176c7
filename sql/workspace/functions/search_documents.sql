create or replace function workspace.search_documents(p_query text, p_project_id uuid default null, p_first integer default 25)
returns setof workspace.documents
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  words constant tsquery := websearch_to_tsquery('english'::regconfig, core.clean_text(p_query, 500));
  places uuid[];
begin
  if p_project_id is not null then
    perform workspace.readable_project(p_project_id);
    places := array[p_project_id];
  else
    places := array(select workspace.my_project_ids());
  end if;
  if numnode(words) = 0 then
    return;
  end if;
  return query
    select document.*
    from workspace.documents as document
    where document.search @@ words
      and document.deleted_at is null
      and document.project_id = any (places)
    order by ts_rank_cd(document.search, words) desc, document.id desc
    limit groups.page_size(p_first);
end
$$;

comment on function workspace.search_documents(text, uuid, integer) is
  E'@simpleCollections only\nPages that match words in English, the best match first: of one project, or of all that the caller takes part in or reads through a group; the query may hold "phrases", or, and -words. first: 1 to 100 pages. Finds only what the caller may read. Refuses an empty query (input.empty), one over 500 characters (input.too_long), and a project that the caller may not read (project.unknown). Ranks every match, so a common word in large projects is slow.';

revoke all on function workspace.search_documents(text, uuid, integer) from public;
grant execute on function workspace.search_documents(text, uuid, integer) to stoa_anonymous;
