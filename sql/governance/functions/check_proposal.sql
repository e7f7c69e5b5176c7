create or replace function governance.check_proposal(p_type text, p_metadata jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_type is null or p_type not in ('general', 'parameter', 'treasury', 'membership', 'upgrade') then
    perform core.fail('proposal.type_unknown');
  end if;
  if jsonb_typeof(p_metadata) is distinct from 'object' then
    perform core.fail('input.malformed');
  end if;
  if octet_length(p_metadata::text) > 65536 then
    perform core.fail('proposal.metadata_too_large');
  end if;
end
$$;

comment on function governance.check_proposal(text, jsonb) is
  'Internal. Lets type and metadata of a proposal pass. Refuses proposal.type_unknown, metadata that is no object (input.malformed) or larger than 64 KiB (proposal.metadata_too_large).';

revoke all on function governance.check_proposal(text, jsonb) from public;
