/**
 * The facts: kind, identity and definition. `$1` is the list of schemas. Works on PostgreSQL 15 to 18. To be run with an
 * empty search_path, see fingerprint.ts.
 *
 * The parts of a definition that PostgreSQL can print itself (`pg_get_…def`) are printed by it; the rest is spelled
 * out as `name=value`.
 */
const facts = `
with space as (
  select oid, nspname, nspowner, nspacl
  from pg_namespace
  where nspname = any ($1::text[])
),

-- What an extension brought stands and falls with the extension.
of_extension as (
  select classid, objid from pg_depend where deptype = 'e'
),

relation as (
  select class.*, space.nspname, format('%I.%I', space.nspname, class.relname) as name
  from pg_class as class
  join space on space.oid = class.relnamespace
  where not exists (select from of_extension where classid = 'pg_class'::regclass and objid = class.oid)
),

routine as (
  select
    proc.*,
    format('%I.%I(%s)', space.nspname, proc.proname, pg_get_function_identity_arguments(proc.oid)) as name
  from pg_proc as proc
  join space on space.oid = proc.pronamespace
  where not exists (select from of_extension where classid = 'pg_proc'::regclass and objid = proc.oid)
),

-- Types that somebody made: not the row types of tables, not the array types.
own_type as (
  select type.*, format('%I.%I', space.nspname, type.typname) as name
  from pg_type as type
  join space on space.oid = type.typnamespace
  left join pg_class as class on class.oid = type.typrelid
  where not exists (select from of_extension where classid = 'pg_type'::regclass and objid = type.oid)
    and (type.typtype in ('d', 'e', 'r') or class.relkind = 'c')
),

own_constraint as (
  select
    constr.*,
    format('%s.%I', coalesce(relation.name, own_type.name), constr.conname) as name
  from pg_constraint as constr
  left join relation on relation.oid = constr.conrelid and constr.conrelid <> 0
  left join own_type on own_type.oid = constr.contypid and constr.contypid <> 0
  where coalesce(relation.oid, own_type.oid) is not null
),

own_trigger as (
  select trigger.*, format('%s.%I', relation.name, trigger.tgname) as name
  from pg_trigger as trigger
  join relation on relation.oid = trigger.tgrelid
  where not trigger.tgisinternal
),

own_policy as (
  select policy.*, format('%s.%I', relation.name, policy.polname) as name
  from pg_policy as policy
  join relation on relation.oid = policy.polrelid
),

own_rule as (
  select rule.*, format('%s.%I', relation.name, rule.rulename) as name
  from pg_rewrite as rule
  join relation on relation.oid = rule.ev_class
  where rule.rulename <> '_RETURN'
),

own_statistics as (
  select statistics.*, format('%I.%I', space.nspname, statistics.stxname) as name
  from pg_statistic_ext as statistics
  join space on space.oid = statistics.stxnamespace
),

own_column as (
  select attribute.*, relation.relkind, relation.relowner, format('%s.%I', relation.name, attribute.attname) as name
  from pg_attribute as attribute
  join relation on relation.oid = attribute.attrelid
  where attribute.attnum > 0
    and not attribute.attisdropped
    and relation.relkind in ('r', 'p', 'f', 'v', 'm', 'c')
),

-- Kinds of objects that are rare here: that they exist is what is compared.
other as (
  select depend.classid, depend.objid as oid, identified.type, identified.identity
  from (
    select distinct classid, objid
    from pg_depend
    where refclassid = 'pg_namespace'::regclass
      and refobjid in (select oid from space)
      and classid in (
        'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_collation'::regclass,
        'pg_conversion'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_ts_parser'::regclass,
        'pg_ts_template'::regclass
      )
  ) as depend
  cross join lateral pg_identify_object(depend.classid, depend.objid, 0) as identified
  where not exists (select from of_extension where (classid, objid) = (depend.classid, depend.objid))
),

fact (kind, identity, definition) as (
  select 'schema', format('%I', nspname), format('owner=%s', pg_get_userbyid(nspowner))
  from space

  union all
  select 'extension', format('%I', extname), format('version=%s schema=%s', extversion, extnamespace::regnamespace)
  from pg_extension

  union all
  select
    case relkind
      when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence'
      else 'table'
    end,
    name,
    concat_ws(' ',
      'owner=' || pg_get_userbyid(relowner),
      'persistence=' || relpersistence::text,
      'row_security=' || relrowsecurity || '/' || relforcerowsecurity,
      'replica_identity=' || relreplident::text,
      'options=' || array_to_string(array(select unnest(reloptions) order by 1), ','),
      'toast_options=' || (
        select array_to_string(array(select unnest(toast.reloptions) order by 1), ',')
        from pg_class as toast
        where toast.oid = relation.reltoastrelid
      ),
      'access_method=' || (select amname from pg_am where oid = relam),
      'tablespace=' || (select spcname from pg_tablespace where oid = reltablespace),
      'partitioned_by=' || case when relkind = 'p' then pg_get_partkeydef(oid) end,
      'inherits=' || (
        select string_agg(format('%s%s', inhparent::regclass, case when inhdetachpending then ' (detaching)' end), ',' order by inhseqno)
        from pg_inherits
        where inhrelid = relation.oid
      ),
      'bound=' || pg_get_expr(relpartbound, oid),
      'type=' || nullif(reloftype, 0)::regtype::text,
      'query=' || case when relkind in ('v', 'm') then pg_get_viewdef(oid) end,
      (
        select format(
          'sequence=%s start %s increment %s min %s max %s cache %s cycle %s',
          seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle
        )
        from pg_sequence
        where seqrelid = relation.oid and relkind = 'S'
      ),
      'owned_by=' || (
        select format('%s.%I', depend.refobjid::regclass, attribute.attname)
        from pg_depend as depend
        join pg_attribute as attribute on attribute.attrelid = depend.refobjid and attribute.attnum = depend.refobjsubid
        where depend.classid = 'pg_class'::regclass
          and depend.objid = relation.oid
          and depend.deptype in ('a', 'i')
          and relkind = 'S'
      )
    )
  from relation
  where relkind in ('r', 'p', 'f', 'v', 'm', 'S')

  union all
  select
    'column',
    own_column.name,
    concat_ws(' ',
      format_type(atttypid, atttypmod),
      case when attnotnull then 'not null' end,
      'default=' || pg_get_expr(adbin, adrelid),
      'identity=' || nullif(attidentity::text, ''),
      'generated=' || nullif(attgenerated::text, ''),
      'collation=' || (
        select collation_row.oid::regcollation::text
        from pg_collation as collation_row
        join pg_type as type on type.oid = atttypid
        where collation_row.oid = attcollation and attcollation <> type.typcollation
      ),
      'storage=' || attstorage::text,
      'compression=' || nullif(attcompression::text, ''),
      'statistics=' || nullif(coalesce(attstattarget::integer, -1), -1),
      'options=' || array_to_string(attoptions, ','),
      case when not attislocal then 'inherited' end
    )
  from own_column
  left join pg_attrdef on adrelid = attrelid and adnum = attnum

  union all
  select
    'constraint',
    name,
    concat_ws(' ',
      pg_get_constraintdef(oid),
      case when not convalidated then 'not validated' end,
      case when not conislocal then 'inherited' end,
      'using=' || nullif(conindid, 0)::regclass::text
    )
  from own_constraint

  union all
  select
    'index',
    relation.name,
    concat_ws(' ',
      pg_get_indexdef(indexrelid),
      'owner=' || pg_get_userbyid(relowner),
      case when not indisvalid then 'invalid' end,
      case when indisclustered then 'clustered' end,
      case when indisreplident then 'replica identity' end,
      case when relispartition then 'partition of ' || (select inhparent::regclass from pg_inherits where inhrelid = relation.oid) end,
      'statistics=' || (
        select string_agg(attnum || ':' || attstattarget, ',' order by attnum)
        from pg_attribute
        where attrelid = indexrelid and coalesce(attstattarget, -1) >= 0
      )
    )
  from pg_index
  join relation on relation.oid = indexrelid

  union all
  select
    case prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
    name,
    concat_ws(' ',
      case when prokind <> 'a' then pg_get_functiondef(oid) end,
      (
        select format(
          'returns=%s state=%s initial=%s transition=%s final=%s combine=%s',
          prorettype::regtype, aggtranstype::regtype, agginitval, aggtransfn, aggfinalfn, aggcombinefn
        )
        from pg_aggregate
        where aggfnoid = routine.oid
      ),
      'owner=' || pg_get_userbyid(proowner)
    )
  from routine

  union all
  select 'trigger', name, format('%s enabled=%s', pg_get_triggerdef(oid), tgenabled)
  from own_trigger

  union all
  select
    'policy',
    name,
    format(
      'command=%s permissive=%s roles=%s using=%s check=%s',
      polcmd,
      polpermissive,
      array(
        select case when role = 0 then 'public' else pg_get_userbyid(role)::text end
        from unnest(polroles) as role
        order by 1
      ),
      pg_get_expr(polqual, polrelid),
      pg_get_expr(polwithcheck, polrelid)
    )
  from own_policy

  union all
  select 'rule', name, format('%s enabled=%s', pg_get_ruledef(oid), ev_enabled)
  from own_rule

  union all
  select 'statistics', name, pg_get_statisticsobjdef(oid)
  from own_statistics

  union all
  select
    case typtype when 'd' then 'domain' else 'type' end,
    name,
    concat_ws(' ',
      'owner=' || pg_get_userbyid(typowner),
      'kind=' || typtype::text,
      'labels=' || (
        select string_agg(quote_literal(enumlabel), ',' order by enumsortorder) from pg_enum where enumtypid = own_type.oid
      ),
      'base=' || case when typtype = 'd' then format_type(typbasetype, typtypmod) end,
      case when typnotnull then 'not null' end,
      'default=' || typdefault,
      'subtype=' || (select rngsubtype::regtype::text from pg_range where rngtypid = own_type.oid)
    )
  from own_type

  union all
  select
    'event trigger',
    format('%I', evtname),
    format('%s %s %s enabled=%s owner=%s', evtevent, evtfoid::regproc, evttags, evtenabled, pg_get_userbyid(evtowner))
  from pg_event_trigger
  where not exists (select from of_extension where classid = 'pg_event_trigger'::regclass and objid = pg_event_trigger.oid)

  union all
  -- As it follows \`create publication name\`.
  select
    'publication',
    format('%I', pubname),
    concat(
      case when puballtables then ' for all tables' end,
      ' for ' || nullif(concat_ws(
        ', ',
        (
          select string_agg(
            format(
              'table %s%s%s',
              prrelid::regclass,
              ' (' || (
                select string_agg(quote_ident(attname), ', ' order by attnum)
                from pg_attribute
                where attrelid = prrelid and attnum = any (prattrs)
              ) || ')',
              ' where (' || pg_get_expr(prqual, prrelid) || ')'
            ),
            ', ' order by prrelid::regclass::text
          )
          from pg_publication_rel
          where prpubid = publication.oid
        ),
        (
          select 'tables in schema ' || string_agg(pnnspid::regnamespace::text, ', ' order by pnnspid::regnamespace::text)
          from pg_publication_namespace
          where pnpubid = publication.oid
        )
      ), ''),
      format(
        ' with (publish = %L, publish_via_partition_root = %s)',
        concat_ws(
          ', ',
          case when pubinsert then 'insert' end, case when pubupdate then 'update' end,
          case when pubdelete then 'delete' end, case when pubtruncate then 'truncate' end
        ),
        pubviaroot::text
      ),
      ' owner=' || pg_get_userbyid(pubowner)
    )
  from pg_publication as publication

  union all
  select type, identity, ''
  from other

  union all
  -- One fact for each thing and each role, so that a difference names both.
  select
    'grant',
    format('%s to %s', thing, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end),
    string_agg(
      privilege_type || case when is_grantable then ' with grant option' else '' end, ', ' order by privilege_type, is_grantable
    )
  from (
    select format('schema %I', nspname) as thing, coalesce(nspacl, acldefault('n', nspowner)) as acl
    from space
    union all
    select
      case when relkind = 'S' then 'sequence ' else 'table ' end || name,
      coalesce(relacl, acldefault(case when relkind = 'S' then 's' else 'r' end::"char", relowner))
    from relation
    where relkind in ('r', 'p', 'f', 'v', 'm', 'S')
    union all
    select 'column ' || name, attacl from own_column where attacl is not null
    union all
    select 'function ' || name, coalesce(proacl, acldefault('f', proowner)) from routine
    union all
    select 'type ' || name, coalesce(typacl, acldefault('T', typowner)) from own_type
  ) as granted
  cross join lateral aclexplode(acl)
  group by thing, grantee

  union all
  select
    'default privileges',
    format(
      '%s for %I in %s to %s',
      case defaclobjtype
        when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else 'schemas'
      end,
      pg_get_userbyid(defaclrole),
      case defaclnamespace when 0 then 'every schema' else defaclnamespace::regnamespace::text end,
      case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end
    ),
    string_agg(privilege_type || case when is_grantable then ' with grant option' else '' end, ', ' order by privilege_type)
  from pg_default_acl
  cross join lateral aclexplode(defaclacl)
  where defaclnamespace = 0 or defaclnamespace in (select oid from space)
  group by defaclobjtype, defaclrole, defaclnamespace, grantee

  union all
  select
    'comment',
    format('%s %s', identified.type, identified.identity),
    comment.description
  from (
    select 'pg_namespace'::regclass as classid, oid from space
    union all select 'pg_class'::regclass, oid from relation
    union all select 'pg_proc'::regclass, oid from routine
    union all select 'pg_type'::regclass, oid from own_type
    union all select 'pg_constraint'::regclass, oid from own_constraint
    union all select 'pg_trigger'::regclass, oid from own_trigger
    union all select 'pg_policy'::regclass, oid from own_policy
    union all select 'pg_rewrite'::regclass, oid from own_rule
    union all select 'pg_statistic_ext'::regclass, oid from own_statistics
    union all select 'pg_extension'::regclass, oid from pg_extension
    union all select 'pg_publication'::regclass, oid from pg_publication
    union all select 'pg_event_trigger'::regclass, oid from pg_event_trigger
    union all select classid::regclass, oid from other
  ) as described
  join pg_description as comment on comment.classoid = described.classid and comment.objoid = described.oid
  cross join lateral pg_identify_object(comment.classoid, comment.objoid, comment.objsubid) as identified
)
`;

/** One row for each fact, with the hash of its definition. */
export const catalogQuery = `${facts}
select
  kind,
  identity,
  encode(sha256(convert_to(definition, 'UTF8')), 'hex') as hash,
  definition
from fact
order by kind collate "C", identity collate "C"
`;

/** One row for all of them: an eighth less work for the server, and nearly none for who asks. */
export const digestQuery = `${facts}
select
  count(*)::int as facts,
  encode(
    sha256(convert_to(
      string_agg(
        concat_ws(E'\\x01', kind, identity, definition), E'\\x02'
        order by kind collate "C", identity collate "C", definition collate "C"
      ),
      'UTF8'
    )),
    'hex'
  ) as digest
from fact
`;
