-- Why: what is defined in sql/workspace: 46 functions, 6 triggers, policies of 4 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on workspace.documents, workspace.project_members, workspace.projects,
--   workspace.tasks (policies); SHARE ROW EXCLUSIVE, for an instant, on workspace.documents, workspace.projects,
--   workspace.tasks (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: workspace/functions/add_project_member.sql
create or replace function workspace.add_project_member(p_project_id uuid, p_user_id uuid, p_role text default 'member')
returns workspace.project_members
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
  member workspace.project_members;
begin
  perform core.require_unrestricted('posting');
  project := workspace.locked_project(p_project_id, 'maintainer');
  perform workspace.check_given_role(p_project_id, p_role);
  perform workspace.open_account(p_user_id);
  if exists (
    select from workspace.project_members as known where known.project_id = p_project_id and known.user_id = p_user_id
  ) then
    perform core.fail('project_member.exists');
  end if;
  if (
    select count(*) from workspace.project_members as known where known.project_id = p_project_id
  ) >= core.setting_integer('workspace.member_limit') then
    perform core.fail('project_member.limit_reached');
  end if;
  insert into workspace.project_members (project_id, user_id, role, added_by)
  values (p_project_id, p_user_id, p_role, me)
  returning * into member;
  perform audit.record(
    'add_project_member', 'workspace.project_members', p_user_id, p_new_values => jsonb_build_object('role', p_role),
    p_resource_key => jsonb_build_object('project_id', p_project_id, 'user_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'project', 'You were added to the project ' || project.name, null,
    jsonb_build_object('project_id', p_project_id), me
  );
  return member;
end
$$;

comment on function workspace.add_project_member(uuid, uuid, text) is
  'Brings somebody into a project as maintainer, member or viewer; they can leave at any time. Its owner or a maintainer; only the owner makes maintainers (project.not_allowed). Refuses project.unknown, other roles (project_member.role_invalid), a closed, disabled or banned account or one with a block between (user.unknown), who takes part already (project_member.exists), and more people than a project may have (project_member.limit_reached). Audited; the person is told.';

revoke all on function workspace.add_project_member(uuid, uuid, text) from public;
grant execute on function workspace.add_project_member(uuid, uuid, text) to stoa_member;

-- Object: workspace/functions/assign_task.sql
create or replace function workspace.assign_task(p_task_id uuid, p_user_id uuid default null)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  home uuid;
  project workspace.projects;
  task workspace.tasks;
  former uuid;
begin
  select target.project_id into home from workspace.tasks as target where target.id = p_task_id;
  if not found then
    perform core.fail('task.unknown');
  end if;
  project := workspace.workable_project(home, 'task.unknown');
  perform workspace.lock_assignee(home, p_user_id);
  task := workspace.workable_task(p_task_id);
  former := task.assignee_id;
  update workspace.tasks as target set assignee_id = p_user_id where target.id = p_task_id returning * into task;
  if former is distinct from p_user_id then
    perform workspace.tell_assignee(task, project);
  end if;
  return task;
end
$$;

comment on function workspace.assign_task(uuid, uuid) is
  'Gives a task to somebody who takes part in the project, or with null to nobody. Owner, maintainers and members of the project (project.not_allowed). Refuses task.unknown, account.activity_barred, project.archived and somebody who does not take part (task.assignee_not_member). The assignee is told.';

revoke all on function workspace.assign_task(uuid, uuid) from public;
grant execute on function workspace.assign_task(uuid, uuid) to stoa_member;

-- Object: workspace/functions/board_place.sql
create or replace function workspace.board_place(p_project_id uuid, p_status text, p_before_id uuid, p_task_id uuid)
returns double precision
language plpgsql
volatile
set search_path = ''
as $$
declare
  spacing constant double precision := 1024;
  above double precision;
  below double precision;
begin
  if p_before_id is null then
    return spacing + coalesce(
      (
        select max(task.position)
        from workspace.tasks as task
        where task.project_id = p_project_id
          and task.status = p_status
          and task.deleted_at is null
          and task.id is distinct from p_task_id
      ),
      0
    );
  end if;

  for attempt in 1..2 loop
    select task.position into below
    from workspace.tasks as task
    where task.id = p_before_id
      and task.project_id = p_project_id
      and task.status = p_status
      and task.deleted_at is null
      and task.id is distinct from p_task_id;
    if not found then
      perform core.fail('task.before_invalid');
    end if;
    select task.position into above
    from workspace.tasks as task
    where task.project_id = p_project_id
      and task.status = p_status
      and task.deleted_at is null
      and task.id is distinct from p_task_id
      and (task.position, task.id) < (below, p_before_id)
    order by task.position desc, task.id desc
    limit 1;
    if not found then
      return below - spacing;
    end if;
    -- Far from zero there may be no number between two that are further apart than this.
    if below - above >= 1e-6 and (above + below) / 2 > above and (above + below) / 2 < below then
      return (above + below) / 2;
    end if;

    update workspace.tasks as task
    set position = ordered.place * spacing
    from (
      select column_task.id, row_number() over (order by column_task.position, column_task.id) as place
      from workspace.tasks as column_task
      where column_task.project_id = p_project_id
        and column_task.status = p_status
        and column_task.deleted_at is null
    ) as ordered
    where task.id = ordered.id
      and task.position <> ordered.place * spacing;
  end loop;
  return (above + below) / 2;
end
$$;

comment on function workspace.board_place(uuid, text, uuid, uuid) is
  'Internal. A position on the board of a project: before a task of that column, or at its end. Half-way between the two neighbours; where there is no room between them, the column is spaced anew first, which writes all its tasks. Call it under the exclusive lock of the project. Refuses a task that is not in that column (task.before_invalid).';

revoke all on function workspace.board_place(uuid, text, uuid, uuid) from public;

-- Object: workspace/functions/changeable_member.sql
create or replace function workspace.changeable_member(p_project_id uuid, p_user_id uuid)
returns workspace.project_members
language plpgsql
volatile
set search_path = ''
as $$
declare
  member workspace.project_members;
begin
  select * into member
  from workspace.project_members as known
  where known.project_id = p_project_id and known.user_id = p_user_id
  for update;
  if not found then
    perform core.fail('project_member.unknown');
  end if;
  if member.role = 'owner' then
    perform core.fail('project.owner_stays');
  end if;
  if member.role = 'maintainer'
    and member.user_id <> core.current_user_id()
    and workspace.project_role(p_project_id) <> 'owner'
  then
    perform core.fail('project.not_allowed');
  end if;
  return member;
end
$$;

comment on function workspace.changeable_member(uuid, uuid) is
  'Internal. A membership that the caller, at least a maintainer or the person themselves, may change or end; locked, after the project. Refuses project_member.unknown, the owner''s (project.owner_stays), and that of a maintainer unless the caller is the owner or that person (project.not_allowed).';

revoke all on function workspace.changeable_member(uuid, uuid) from public;

-- Object: workspace/functions/check_document.sql
create or replace function workspace.check_document(p_content text, p_content_format text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_content_format is null or p_content_format not in ('markdown', 'plain') then
    perform core.fail('document.format_invalid');
  end if;
  if char_length(p_content) > 200000 then
    perform core.fail('document.too_long');
  end if;
end
$$;

comment on function workspace.check_document(text, text) is
  'Internal. Refuses what a page cannot be: document.format_invalid, document.too_long.';

revoke all on function workspace.check_document(text, text) from public;

-- Object: workspace/functions/check_document_parent.sql
create or replace function workspace.check_document_parent(p_project_id uuid, p_document_id uuid, p_parent_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  deepest constant integer := core.setting_integer('workspace.nesting_limit');
  levels_above integer;
  levels_below integer;
begin
  if p_parent_id is null then
    return;
  end if;

  with recursive above (id, parent_id, level) as (
    select parent.id, parent.parent_id, 1
    from workspace.documents as parent
    where parent.project_id = p_project_id and parent.id = p_parent_id and parent.deleted_at is null
    union all
    select parent.id, parent.parent_id, above.level + 1
    from above
    join workspace.documents as parent on parent.project_id = p_project_id and parent.id = above.parent_id
    where above.level <= deepest and above.id is distinct from p_document_id
  )
  select case when bool_or(above.id = p_document_id) then deepest + 1 else max(above.level) end
  into levels_above
  from above;

  with recursive below (id, level) as (
    select p_document_id, 1
    union all
    select child.id, below.level + 1
    from below
    join workspace.documents as child on child.project_id = p_project_id and child.parent_id = below.id
    where below.level <= deepest and child.deleted_at is null
  )
  select max(below.level) into levels_below from below;

  if levels_above is null or levels_above + levels_below > deepest then
    perform core.fail('document.parent_invalid');
  end if;
end
$$;

comment on function workspace.check_document_parent(uuid, uuid, uuid) is
  'Internal. Lets a page stand under a live one of the same project; refuses (document.parent_invalid) a circle and more levels than the setting workspace.nesting_limit. Call it under the exclusive lock of the project: two moves at once could close a circle that neither sees.';

revoke all on function workspace.check_document_parent(uuid, uuid, uuid) from public;

-- Object: workspace/functions/check_given_role.sql
create or replace function workspace.check_given_role(p_project_id uuid, p_role text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_role is null or p_role not in ('maintainer', 'member', 'viewer') then
    perform core.fail('project_member.role_invalid');
  end if;
  if p_role = 'maintainer' and workspace.project_role(p_project_id) <> 'owner' then
    perform core.fail('project.not_allowed');
  end if;
end
$$;

comment on function workspace.check_given_role(uuid, text) is
  'Internal. Lets the caller give a role: refuses what cannot be given (project_member.role_invalid), and maintainer to anybody but the owner (project.not_allowed).';

revoke all on function workspace.check_given_role(uuid, text) from public;

-- Object: workspace/functions/check_group.sql
create or replace function workspace.check_group(p_group_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_group_id is null then
    return;
  end if;
  perform groups.known_group(p_group_id);
  if not groups.can_in_group(p_group_id, 'SEND_MESSAGES') then
    perform core.fail('group.not_allowed');
  end if;
end
$$;

comment on function workspace.check_group(uuid) is
  'Internal. Lets a project into a group in which the caller may write (SEND_MESSAGES). Refuses group.unknown and group.not_allowed.';

revoke all on function workspace.check_group(uuid) from public;

-- Object: workspace/functions/check_owned_limit.sql
create or replace function workspace.check_owned_limit(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('workspace.owned:' || p_user_id, 0));
  if (
    select count(*) from workspace.projects as owned where owned.owner_id = p_user_id and owned.deleted_at is null
  ) >= core.setting_integer('workspace.owned_limit') then
    perform core.fail('project.limit_reached');
  end if;
end
$$;

comment on function workspace.check_owned_limit(uuid) is
  'Internal. Refuses (project.limit_reached) another project for somebody who owns as many as the setting workspace.owned_limit allows. Two at once for one person wait for each other.';

revoke all on function workspace.check_owned_limit(uuid) from public;

-- Object: workspace/functions/check_project.sql
create or replace function workspace.check_project(p_project workspace.projects)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_project.key !~ '^[A-Z][A-Z0-9]{1,9}$' then
    perform core.fail('project.key_invalid');
  end if;
  if p_project.status is null or p_project.status not in ('planned', 'active', 'paused', 'completed', 'archived') then
    perform core.fail('project.status_invalid');
  end if;
  if p_project.visibility is null
    or p_project.visibility not in ('members', 'group', 'public')
    or (p_project.visibility = 'group' and p_project.group_id is null)
  then
    perform core.fail('project.visibility_invalid');
  end if;
  if not isfinite(p_project.starts_on) or not isfinite(p_project.due_on) or p_project.due_on < p_project.starts_on then
    perform core.fail('project.dates_invalid');
  end if;
end
$$;

comment on function workspace.check_project(workspace.projects) is
  'Internal. Refuses what a project cannot be: project.key_invalid, project.status_invalid, project.visibility_invalid, project.dates_invalid.';

revoke all on function workspace.check_project(workspace.projects) from public;

-- Object: workspace/functions/check_task_parent.sql
create or replace function workspace.check_task_parent(p_project_id uuid, p_task_id uuid, p_parent_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  deepest constant integer := core.setting_integer('workspace.nesting_limit');
  levels_above integer;
  levels_below integer;
begin
  if p_parent_id is null then
    return;
  end if;

  with recursive above (id, parent_id, level) as (
    select parent.id, parent.parent_id, 1
    from workspace.tasks as parent
    where parent.project_id = p_project_id and parent.id = p_parent_id and parent.deleted_at is null
    union all
    select parent.id, parent.parent_id, above.level + 1
    from above
    join workspace.tasks as parent on parent.project_id = p_project_id and parent.id = above.parent_id
    where above.level <= deepest and above.id is distinct from p_task_id
  )
  select case when bool_or(above.id = p_task_id) then deepest + 1 else max(above.level) end
  into levels_above
  from above;

  with recursive below (id, level) as (
    select p_task_id, 1
    union all
    select child.id, below.level + 1
    from below
    join workspace.tasks as child on child.project_id = p_project_id and child.parent_id = below.id
    where below.level <= deepest and child.deleted_at is null
  )
  select max(below.level) into levels_below from below;

  if levels_above is null or levels_above + levels_below > deepest then
    perform core.fail('task.parent_invalid');
  end if;
end
$$;

comment on function workspace.check_task_parent(uuid, uuid, uuid) is
  'Internal. Lets a task stand under a live one of the same project; refuses (task.parent_invalid) a circle and more levels than the setting workspace.nesting_limit. Call it under the exclusive lock of the project: two moves at once could close a circle that neither sees.';

revoke all on function workspace.check_task_parent(uuid, uuid, uuid) from public;

-- Object: workspace/functions/check_task_status.sql
create or replace function workspace.check_task_status(p_status text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_status is null or p_status not in ('todo', 'in_progress', 'review', 'done', 'cancelled') then
    perform core.fail('task.status_invalid');
  end if;
end
$$;

comment on function workspace.check_task_status(text) is
  'Internal. Refuses what is no status of tasks (task.status_invalid).';

revoke all on function workspace.check_task_status(text) from public;

-- Object: workspace/functions/create_document.sql
create or replace function workspace.create_document(
  p_project_id uuid,
  p_title text,
  p_content text default '',
  p_content_format text default 'markdown',
  p_parent_id uuid default null,
  p_key text default null
)
returns workspace.documents
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_project_id, p_title, p_content, p_content_format, p_parent_id);
  page_title constant text := core.clean_text(p_title, 300);
  earlier jsonb;
  document workspace.documents;
begin
  earlier := core.recall('workspace.create_document', p_key, arguments);
  if earlier is not null then
    perform workspace.readable_project(p_project_id);
    select * into document from workspace.documents as made where made.id = (earlier ->> 'id')::uuid;
    return document;
  end if;

  perform workspace.check_document(p_content, p_content_format);
  perform workspace.workable_project(p_project_id);
  perform workspace.check_document_parent(p_project_id, null, p_parent_id);
  begin
    insert into workspace.documents (project_id, parent_id, title, content, content_format, created_by, updated_by)
    values (p_project_id, p_parent_id, page_title, coalesce(p_content, ''), p_content_format, me, me)
    returning * into document;
  exception
    -- The search document of PostgreSQL holds 1 MB.
    when program_limit_exceeded then perform core.fail('document.too_long');
  end;
  perform core.remember('workspace.create_document', p_key, arguments, jsonb_build_object('id', document.id));
  return document;
end
$$;

comment on function workspace.create_document(uuid, text, text, text, uuid, text) is
  'Writes a new page of a project, at the top or under another page. key: an idempotency key; the same call again returns the first page. Owner, maintainers and members (project.not_allowed). Refuses somebody barred from posting (account.activity_barred), project.unknown, project.archived, document.format_invalid, document.parent_invalid and a text that is too long (document.too_long: 200,000 characters). Limit: title 300 characters.';

revoke all on function workspace.create_document(uuid, text, text, text, uuid, text) from public;
grant execute on function workspace.create_document(uuid, text, text, text, uuid, text) to stoa_member;

-- Object: workspace/functions/create_project.sql
create or replace function workspace.create_project(
  p_name text,
  p_project_key text,
  p_group_id uuid default null,
  p_visibility text default 'members',
  p_description text default null,
  p_starts_on date default null,
  p_due_on date default null
)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
begin
  perform core.require_unrestricted('posting');
  project.name := core.clean_text(p_name, 150);
  project.key := upper(core.clean_text(p_project_key, 10));
  project.description := core.clean_text(p_description, 5000, false);
  project.group_id := p_group_id;
  project.status := 'active';
  project.visibility := p_visibility;
  project.starts_on := p_starts_on;
  project.due_on := p_due_on;
  perform workspace.check_project(project);
  perform workspace.check_group(p_group_id);
  perform workspace.check_owned_limit(me);
  begin
    insert into workspace.projects (group_id, owner_id, key, name, description, visibility, starts_on, due_on)
    values (
      p_group_id, me, project.key, project.name, project.description, project.visibility, project.starts_on, project.due_on
    )
    returning * into project;
  exception
    when unique_violation then perform core.fail('project.key_taken');
  end;
  insert into workspace.project_members (project_id, user_id, role) values (project.id, me, 'owner');
  return project;
end
$$;

comment on function workspace.create_project(text, text, uuid, text, text, date, date) is
  'Creates a project that the caller owns and takes part in. Its key (2 to 10 letters and digits, made capital) begins the numbers of its tasks. In a group it needs SEND_MESSAGES there (group.unknown, group.not_allowed). Refuses somebody barred from posting (account.activity_barred), project.key_invalid, project.key_taken (among the caller''s own), project.visibility_invalid, project.dates_invalid, and more projects than one may own (project.limit_reached). Limits: name 150 characters, description 5,000.';

revoke all on function workspace.create_project(text, text, uuid, text, text, date, date) from public;
grant execute on function workspace.create_project(text, text, uuid, text, text, date, date) to stoa_member;

-- Object: workspace/functions/create_task.sql
create or replace function workspace.create_task(
  p_project_id uuid,
  p_title text,
  p_description text default null,
  p_status text default 'todo',
  p_priority integer default 2,
  p_assignee_id uuid default null,
  p_due_at timestamptz default null,
  p_parent_id uuid default null,
  p_source_channel_id uuid default null,
  p_source_message_id uuid default null,
  p_key text default null
)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_project_id, p_title, p_description, p_status, p_priority, p_assignee_id, p_due_at, p_parent_id, p_source_channel_id,
    p_source_message_id
  );
  task_title constant text := core.clean_text(p_title, 300);
  task_description constant text := core.clean_text(p_description, 20000, false);
  earlier jsonb;
  project workspace.projects;
  task workspace.tasks;
begin
  earlier := core.recall('workspace.create_task', p_key, arguments);
  if earlier is not null then
    perform workspace.readable_project(p_project_id);
    select * into task from workspace.tasks as made where made.id = (earlier ->> 'id')::uuid;
    return task;
  end if;

  perform workspace.check_task_status(p_status);
  if p_priority is null or p_priority not between 0 and 4 then
    perform core.fail('task.priority_invalid');
  end if;
  if not isfinite(p_due_at) or (p_source_channel_id is null) <> (p_source_message_id is null) then
    perform core.fail('input.malformed');
  end if;
  project := workspace.workable_project(p_project_id);
  if p_source_channel_id is not null then
    perform groups.permitted_channel(p_source_channel_id, 'READ_HISTORY');
    if not exists (
      select
      from groups.channel_messages as message
      where message.channel_id = p_source_channel_id and message.id = p_source_message_id and message.deleted_at is null
    ) then
      perform core.fail('channel_message.unknown');
    end if;
  end if;
  perform workspace.lock_assignee(p_project_id, p_assignee_id);
  perform workspace.check_task_parent(p_project_id, null, p_parent_id);

  update workspace.projects as target
  set last_task_number = target.last_task_number + 1
  where target.id = p_project_id
  returning * into project;
  insert into workspace.tasks (
    project_id, number, parent_id, title, description, status, priority, assignee_id, created_by, position, due_at,
    completed_at, source_channel_id, source_message_id
  )
  values (
    p_project_id, project.last_task_number, p_parent_id, task_title, task_description, p_status, p_priority, p_assignee_id,
    me, workspace.board_place(p_project_id, p_status, null, null), p_due_at,
    case p_status when 'done' then now() end, p_source_channel_id, p_source_message_id
  )
  returning * into task;
  perform core.remember('workspace.create_task', p_key, arguments, jsonb_build_object('id', task.id));
  perform workspace.tell_assignee(task, project);
  return task;
end
$$;

comment on function workspace.create_task(uuid, text, text, text, integer, uuid, timestamptz, uuid, uuid, uuid, text) is
  'Creates a task at the end of its column of the board, with the next number of the project. It can come from a message that the caller may read (its channel and its identifier), be assigned to somebody who takes part, and be a part of another task. key: an idempotency key; the same call again returns the first task. Owner, maintainers and members (project.not_allowed); refuses somebody barred from posting (account.activity_barred), project.unknown, project.archived, task.status_invalid, task.priority_invalid, task.assignee_not_member, task.parent_invalid, channel.unknown, channel.not_allowed, channel_message.unknown. Limits: title 300 characters, description 20,000. The assignee is told. Tasks of one project are created one after another.';

revoke all on function workspace.create_task(uuid, text, text, text, integer, uuid, timestamptz, uuid, uuid, uuid, text) from public;
grant execute on function workspace.create_task(uuid, text, text, text, integer, uuid, timestamptz, uuid, uuid, uuid, text) to stoa_member;

-- Object: workspace/functions/delete_document.sql
create or replace function workspace.delete_document(p_document_id uuid, p_reason text default null)
returns workspace.documents
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  home uuid;
  is_staff boolean;
  document workspace.documents;
begin
  select target.project_id into home from workspace.documents as target where target.id = p_document_id;
  if not found then
    perform core.fail('document.unknown');
  end if;
  perform from workspace.projects as target where target.id = home for no key update;
  perform workspace.readable_project(home, 'document.unknown');
  is_staff := core.current_role_rank() >= 2 and coalesce(workspace.role_rank(workspace.project_role(home)), 0) < 2;
  if not is_staff then
    perform workspace.workable_project(home, 'document.unknown');
  end if;
  select * into document
  from workspace.documents as target
  where target.id = p_document_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('document.unknown');
  end if;

  -- What others wrote under it stays, one level higher. Their texts are the same, so their versions are too.
  update workspace.documents as target
  set parent_id = document.parent_id
  where target.project_id = home and target.parent_id = p_document_id and target.deleted_at is null;
  update workspace.documents as target
  set deleted_at = now(), is_removed = is_staff
  where target.id = p_document_id
  returning * into document;

  if is_staff then
    perform audit.record('delete_document', 'workspace.documents', p_document_id, p_reason => why);
    perform notifications.notify(
      document.created_by, 'moderation', 'Your page was removed: ' || document.title, why,
      jsonb_build_object('project_id', home, 'document_id', p_document_id)
    );
  end if;
  return document;
end
$$;

comment on function workspace.delete_document(uuid, text) is
  'Deletes a page; those under it move up to where it stood. It can be restored for 30 days, then it is purged. Owner, maintainers and members of the project, or staff of the platform (project.not_allowed). Refuses document.unknown, and members account.activity_barred and project.archived. Limit: reason 1,000 characters. A deletion by staff is audited, and who wrote the page is told.';

revoke all on function workspace.delete_document(uuid, text) from public;
grant execute on function workspace.delete_document(uuid, text) to stoa_member;

-- Object: workspace/functions/delete_project.sql
create or replace function workspace.delete_project(p_project_id uuid, p_reason text default null)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  is_staff boolean;
  project workspace.projects;
begin
  perform from workspace.projects as target where target.id = p_project_id for no key update;
  project := workspace.readable_project(p_project_id);
  is_staff := project.owner_id <> me and core.current_role_rank() >= 2;
  if project.owner_id <> me and not is_staff then
    perform core.fail('project.not_allowed');
  end if;
  update workspace.projects as target
  set deleted_at = now(), is_removed = is_staff
  where target.id = p_project_id
  returning * into project;
  perform audit.record('delete_project', 'workspace.projects', p_project_id, p_reason => why);
  if is_staff then
    perform notifications.notify(
      project.owner_id, 'moderation', 'Your project was removed: ' || project.name, why,
      jsonb_build_object('project_id', p_project_id)
    );
  end if;
  return project;
end
$$;

comment on function workspace.delete_project(uuid, text) is
  'Deletes a project: nobody but its owner sees it any more, with its tasks and pages, and it can be restored for 30 days; then it is purged. Its owner, or staff of the platform (project.not_allowed). Refuses project.unknown. Limit: reason 1,000 characters. Audited; the owner is told when staff does it.';

revoke all on function workspace.delete_project(uuid, text) from public;
grant execute on function workspace.delete_project(uuid, text) to stoa_member;

-- Object: workspace/functions/delete_task.sql
create or replace function workspace.delete_task(p_task_id uuid, p_reason text default null)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  home uuid;
  is_staff boolean;
  task workspace.tasks;
begin
  select target.project_id into home from workspace.tasks as target where target.id = p_task_id;
  if not found then
    perform core.fail('task.unknown');
  end if;
  perform from workspace.projects as target where target.id = home for no key update;
  perform workspace.readable_project(home, 'task.unknown');
  is_staff := core.current_role_rank() >= 2 and coalesce(workspace.role_rank(workspace.project_role(home)), 0) < 2;
  if not is_staff then
    perform workspace.workable_project(home, 'task.unknown');
  end if;
  select * into task
  from workspace.tasks as target
  where target.id = p_task_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('task.unknown');
  end if;

  with recursive tree (id) as (
    select p_task_id
    union all
    select part.id
    from tree
    join workspace.tasks as part on part.project_id = home and part.parent_id = tree.id
    where part.deleted_at is null
  )
  update workspace.tasks as target
  set deleted_at = now(), is_removed = is_staff
  from tree
  where target.id = tree.id;
  select * into task from workspace.tasks as target where target.id = p_task_id;

  if is_staff then
    perform audit.record('delete_task', 'workspace.tasks', p_task_id, p_reason => why);
    perform notifications.notify(
      task.created_by, 'moderation', 'Your task was removed: ' || task.title, why,
      jsonb_build_object('project_id', home, 'task_id', p_task_id)
    );
  end if;
  return task;
end
$$;

comment on function workspace.delete_task(uuid, text) is
  'Deletes a task with the tasks under it; it can be restored for 30 days, then it is purged. Owner, maintainers and members of the project, or staff of the platform (project.not_allowed). Refuses task.unknown, and members account.activity_barred and project.archived. Limit: reason 1,000 characters. A deletion by staff is audited, and who wrote the task is told.';

revoke all on function workspace.delete_task(uuid, text) from public;
grant execute on function workspace.delete_task(uuid, text) to stoa_member;

-- Object: workspace/functions/is_readable.sql
create or replace function workspace.is_readable(p_project workspace.projects)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_project.deleted_at is null
    and (
      p_project.visibility = 'public'
      or core.current_role_rank() >= 2
      or workspace.project_role(p_project.id) is not null
      or (p_project.visibility = 'group' and p_project.group_id in (select groups.my_group_ids()))
    );
end
$$;

comment on function workspace.is_readable(workspace.projects) is
  'Internal. Whether a live project may be read by the caller: the rule of its policies once more, for functions that read past them.';

revoke all on function workspace.is_readable(workspace.projects) from public;

-- Object: workspace/functions/lock_assignee.sql
create or replace function workspace.lock_assignee(p_project_id uuid, p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_user_id is null then
    return;
  end if;
  -- Before the task, as whoever ends a membership does.
  perform
  from workspace.project_members as member
  where member.project_id = p_project_id and member.user_id = p_user_id
  for key share;
  if not found then
    perform core.fail('task.assignee_not_member');
  end if;
end
$$;

comment on function workspace.lock_assignee(uuid, uuid) is
  'Internal. Keeps a membership from ending while a task is assigned. Refuses somebody who does not take part (task.assignee_not_member).';

revoke all on function workspace.lock_assignee(uuid, uuid) from public;

-- Object: workspace/functions/locked_project.sql
create or replace function workspace.locked_project(p_project_id uuid, p_role text, p_unknown text default 'project.unknown', p_is_shared boolean default false)
returns workspace.projects
language plpgsql
volatile
set search_path = ''
as $$
declare
  project workspace.projects;
begin
  if p_is_shared then
    perform from workspace.projects as target where target.id = p_project_id for share;
  else
    perform from workspace.projects as target where target.id = p_project_id for no key update;
  end if;
  project := workspace.readable_project(p_project_id, p_unknown);
  if coalesce(workspace.role_rank(workspace.project_role(p_project_id)), 0) < workspace.role_rank(p_role) then
    perform core.fail('project.not_allowed');
  end if;
  return project;
end
$$;

comment on function workspace.locked_project(uuid, text, text, boolean) is
  'Internal. A live project, locked, in which the caller has at least this role. First in the lock order of the module: whoever numbers, moves, nests, assigns, deletes or changes members holds it exclusively, whoever only changes a text shares it; so roles and the tree stay what was decided on. Refuses what the caller may not read (project.unknown, or the code that is given) and a lower role (project.not_allowed).';

revoke all on function workspace.locked_project(uuid, text, text, boolean) from public;

-- Object: workspace/functions/lose_group.sql
create or replace function workspace.lose_group()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
  if new.visibility = 'group' and new.group_id is null then
    new.visibility := 'members';
  end if;
  return new;
end
$$;

comment on function workspace.lose_group() is
  'Trigger. A project that loses its group, because the group is purged, is read by its members alone; without this the group could not be purged.';

revoke all on function workspace.lose_group() from public;

-- Object: workspace/functions/move_task.sql
create or replace function workspace.move_task(p_task_id uuid, p_status text, p_before_id uuid default null)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  task workspace.tasks;
  place double precision;
begin
  perform workspace.check_task_status(p_status);
  task := workspace.workable_task(p_task_id);
  -- Apart from the update: it may have to write the same rows.
  place := workspace.board_place(task.project_id, p_status, p_before_id, p_task_id);
  update workspace.tasks as target
  set status = p_status,
      position = place,
      completed_at = case p_status when 'done' then coalesce(target.completed_at, now()) end
  where target.id = p_task_id
  returning * into task;
  return task;
end
$$;

comment on function workspace.move_task(uuid, text, uuid) is
  'Moves a task on the board: into a column (its status), before a task that stands there, or to its end. What is done notes when. Owner, maintainers and members of the project (project.not_allowed). Refuses task.unknown, account.activity_barred, project.archived, task.status_invalid and a task to place before that is not in that column (task.before_invalid). Moves in one project happen one after another; about five index look-ups, and all tasks of the column when there is no room between two of them.';

revoke all on function workspace.move_task(uuid, text, uuid) from public;
grant execute on function workspace.move_task(uuid, text, uuid) to stoa_member;

-- Object: workspace/functions/my_maintained_project_ids.sql
create or replace function workspace.my_maintained_project_ids()
returns setof uuid
language sql
stable
rows 10
-- Policies ask this.
security definer
set search_path = ''
as $$
select member.project_id
from workspace.project_members as member
join workspace.projects as project on project.id = member.project_id
where member.user_id = groups.caller_id()
  and member.role in ('owner', 'maintainer')
  and project.deleted_at is null
$$;

comment on function workspace.my_maintained_project_ids() is
  E'@internal\nThe live projects of which the caller is owner or maintainer, for policies. One index range.';

revoke all on function workspace.my_maintained_project_ids() from public;
grant execute on function workspace.my_maintained_project_ids() to stoa_anonymous;

-- Object: workspace/functions/my_project_ids.sql
create or replace function workspace.my_project_ids()
returns setof uuid
language sql
stable
rows 20
-- The policy of the members asks this: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
select member.project_id
from workspace.project_members as member
join workspace.projects as project on project.id = member.project_id
where member.user_id = groups.caller_id()
  and project.deleted_at is null
union
select project.id
from workspace.projects as project
where project.group_id = any (array(select groups.my_group_ids()))
  and project.visibility = 'group'
  and project.deleted_at is null
$$;

comment on function workspace.my_project_ids() is
  E'@internal\nThe live projects that the caller takes part in, and those that their groups may read, for policies: write project_id = any (array(select workspace.my_project_ids())), which is computed once a statement. Public projects of others are not among them. Two index ranges.';

revoke all on function workspace.my_project_ids() from public;
grant execute on function workspace.my_project_ids() to stoa_anonymous;

-- Object: workspace/functions/my_tasks.sql
create or replace function workspace.my_tasks(p_first integer default 25, p_after uuid default null)
returns setof workspace.tasks
language plpgsql
stable
rows 25
set search_path = ''
as $$
declare
  last_task workspace.tasks;
begin
  perform core.require_member();
  if p_after is not null then
    select * into last_task from workspace.tasks as task where task.id = p_after;
    if not found then
      perform core.fail('task.unknown');
    end if;
  end if;
  return query
    select task.*
    from workspace.tasks as task
    where task.assignee_id = (select core.current_user_id())
      and task.status not in ('done', 'cancelled')
      and task.deleted_at is null
      and (
        p_after is null
        or (last_task.due_at is null and task.due_at is null and task.id > p_after)
        or (last_task.due_at is not null and (task.due_at is null or (task.due_at, task.id) > (last_task.due_at, p_after)))
      )
    order by task.due_at, task.id
    -- Runs as the caller, who may not call what the module keeps to itself.
    limit least(greatest(coalesce(p_first, 25), 1), 100);
end
$$;

comment on function workspace.my_tasks(integer, uuid) is
  E'@simpleCollections only\nThe open tasks that are assigned to the caller, over all projects that they take part in, the next due first and those without a deadline last. first: 1 to 100 tasks; after: the id of the last task of the page before. Refuses visitors (session.required) and an unknown task to continue after (task.unknown). One index range.';

revoke all on function workspace.my_tasks(integer, uuid) from public;
grant execute on function workspace.my_tasks(integer, uuid) to stoa_member;

-- Object: workspace/functions/open_account.sql
create or replace function workspace.open_account(p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.is_active
      and not person.is_system
      and person.deleted_at is null
      and person.erased_at is null
      and (person.banned_until is null or person.banned_until <= now())
  ) or social.is_blocked(core.current_user_id(), p_user_id)
  then
    perform core.fail('user.unknown');
  end if;
end
$$;

comment on function workspace.open_account(uuid) is
  'Internal. Refuses (user.unknown) an account that is not there, closed, disabled or banned, and one between which and the caller there is a block. Three look-ups by primary key.';

revoke all on function workspace.open_account(uuid) from public;

-- Object: workspace/functions/project_role.sql
create or replace function workspace.project_role(p_project_id uuid)
returns text
language sql
stable
begin atomic
  select member.role
  from workspace.project_members as member
  where member.project_id = p_project_id
    and member.user_id = groups.caller_id();
end;

comment on function workspace.project_role(uuid) is
  'Internal. The role of the caller in a project; null for none. One look-up by primary key.';

revoke all on function workspace.project_role(uuid) from public;

-- Object: workspace/functions/projects_my_role.sql
create or replace function workspace.projects_my_role(p_project workspace.projects)
returns text
language plpgsql
stable
-- Visitors may not read memberships; it tells only the caller's own.
security definer
set search_path = ''
as $$
begin
  return workspace.project_role(p_project.id);
end
$$;

comment on function workspace.projects_my_role(workspace.projects) is
  'What the caller may do in the project: owner, maintainer, member or viewer; null for somebody who only reads it.';

revoke all on function workspace.projects_my_role(workspace.projects) from public;
grant execute on function workspace.projects_my_role(workspace.projects) to stoa_anonymous;

-- Object: workspace/functions/queue_document_search.sql
create or replace function workspace.queue_document_search()
returns trigger
language plpgsql
volatile
-- The queue has no grants.
security definer
set search_path = ''
as $$
begin
  perform core.queue_search('document', new.id, case when new.deleted_at is null then 'index' else 'delete' end);
  return null;
end
$$;

comment on function workspace.queue_document_search() is
  'Trigger. Tells the external search engine, if one is switched on, that a page appeared, changed or went.';

revoke all on function workspace.queue_document_search() from public;

-- Object: workspace/functions/readable_project.sql
create or replace function workspace.readable_project(p_project_id uuid, p_unknown text default 'project.unknown')
returns workspace.projects
language plpgsql
stable
set search_path = ''
as $$
declare
  project workspace.projects;
begin
  select * into project from workspace.projects as target where target.id = p_project_id;
  if project.id is null or not workspace.is_readable(project) then
    perform core.fail(p_unknown);
  end if;
  return project;
end
$$;

comment on function workspace.readable_project(uuid, text) is
  'Internal. A live project that the caller may read. Refuses others with project.unknown, or the code that is given.';

revoke all on function workspace.readable_project(uuid, text) from public;

-- Object: workspace/functions/remove_project_member.sql
create or replace function workspace.remove_project_member(p_project_id uuid, p_user_id uuid)
returns workspace.project_members
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
  member workspace.project_members;
begin
  project := workspace.locked_project(p_project_id, case when p_user_id = me then 'viewer' else 'maintainer' end);
  member := workspace.changeable_member(p_project_id, p_user_id);
  delete from workspace.project_members as gone where gone.project_id = p_project_id and gone.user_id = p_user_id;
  perform audit.record(
    'remove_project_member', 'workspace.project_members', p_user_id, jsonb_build_object('role', member.role),
    p_resource_key => jsonb_build_object('project_id', p_project_id, 'user_id', p_user_id)
  );
  if p_user_id <> me then
    perform notifications.notify(
      p_user_id, 'project', 'You were removed from the project ' || project.name, null,
      jsonb_build_object('project_id', p_project_id)
    );
  end if;
  return member;
end
$$;

comment on function workspace.remove_project_member(uuid, uuid) is
  'Ends a membership of a project: one''s own, or as its owner or a maintainer that of another; that of a maintainer only as the owner (project.not_allowed). Their tasks are then assigned to nobody; what they wrote stays. Refuses project.unknown, project_member.unknown and the owner, who hands the project over or deletes it (project.owner_stays). Audited; a person who is removed is told.';

revoke all on function workspace.remove_project_member(uuid, uuid) from public;
grant execute on function workspace.remove_project_member(uuid, uuid) to stoa_member;

-- Object: workspace/functions/restore_document.sql
create or replace function workspace.restore_document(p_document_id uuid)
returns workspace.documents
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  home uuid;
  is_staff boolean;
  document workspace.documents;
begin
  select target.project_id into home from workspace.documents as target where target.id = p_document_id;
  if not found then
    perform core.fail('document.unknown');
  end if;
  perform from workspace.projects as target where target.id = home for no key update;
  perform workspace.readable_project(home, 'document.unknown');
  is_staff := core.current_role_rank() >= 2;
  if not is_staff then
    perform workspace.workable_project(home, 'document.unknown');
  end if;
  select * into document from workspace.documents as target where target.id = p_document_id for no key update;
  if not found then
    perform core.fail('document.unknown');
  end if;
  if document.deleted_at is null then
    return document;
  end if;
  if document.is_removed and not is_staff then
    perform core.fail('project.removed_by_staff');
  end if;
  if document.deleted_at <= now() - interval '30 days' then
    perform core.fail('document.restore_too_late');
  end if;

  update workspace.documents as target
  set deleted_at = null, is_removed = false
  where target.id = p_document_id;
  update workspace.documents as target
  set parent_id = null
  where target.id = p_document_id
    and not exists (
      select
      from workspace.documents as parent
      where parent.project_id = home and parent.id = target.parent_id and parent.deleted_at is null
    );
  select * into document from workspace.documents as target where target.id = p_document_id;

  if is_staff then
    perform audit.record('restore_document', 'workspace.documents', p_document_id);
  end if;
  return document;
end
$$;

comment on function workspace.restore_document(uuid) is
  'Brings a deleted page back, at the top when the page that it stood under is deleted. A page that is not deleted stays as it is. Owner, maintainers and members of the project, or staff of the platform (project.not_allowed), within 30 days (document.restore_too_late). Refuses document.unknown, and members account.activity_barred, project.archived and what staff took down (project.removed_by_staff). Audited when staff does it.';

revoke all on function workspace.restore_document(uuid) from public;
grant execute on function workspace.restore_document(uuid) to stoa_member;

-- Object: workspace/functions/restore_project.sql
create or replace function workspace.restore_project(p_project_id uuid)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
begin
  select * into project
  from workspace.projects as target
  where target.id = p_project_id
    and (target.owner_id = me or core.current_role_rank() >= 2)
  for no key update;
  if not found then
    perform core.fail('project.unknown');
  end if;
  if project.deleted_at is null then
    return project;
  end if;
  if project.is_removed and core.current_role_rank() < 2 then
    perform core.fail('project.removed_by_staff');
  end if;
  if project.deleted_at <= now() - interval '30 days' then
    perform core.fail('project.restore_too_late');
  end if;
  update workspace.projects as target
  set deleted_at = null, is_removed = false
  where target.id = p_project_id
  returning * into project;
  perform audit.record('restore_project', 'workspace.projects', p_project_id);
  return project;
end
$$;

comment on function workspace.restore_project(uuid) is
  'Brings a deleted project back, as it was; one that is not deleted stays as it is. Its owner, or staff of the platform, within 30 days (project.restore_too_late). Refuses one that is not theirs (project.unknown) and one that staff took down (project.removed_by_staff). Audited.';

revoke all on function workspace.restore_project(uuid) from public;
grant execute on function workspace.restore_project(uuid) to stoa_member;

-- Object: workspace/functions/restore_task.sql
create or replace function workspace.restore_task(p_task_id uuid)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  home uuid;
  is_staff boolean;
  task workspace.tasks;
begin
  select target.project_id into home from workspace.tasks as target where target.id = p_task_id;
  if not found then
    perform core.fail('task.unknown');
  end if;
  perform from workspace.projects as target where target.id = home for no key update;
  perform workspace.readable_project(home, 'task.unknown');
  is_staff := core.current_role_rank() >= 2;
  if not is_staff then
    perform workspace.workable_project(home, 'task.unknown');
  end if;
  select * into task from workspace.tasks as target where target.id = p_task_id for no key update;
  if not found then
    perform core.fail('task.unknown');
  end if;
  if task.deleted_at is null then
    return task;
  end if;
  if task.is_removed and not is_staff then
    perform core.fail('project.removed_by_staff');
  end if;
  if task.deleted_at <= now() - interval '30 days' then
    perform core.fail('task.restore_too_late');
  end if;

  with recursive tree (id) as (
    select p_task_id
    union all
    select part.id
    from tree
    join workspace.tasks as part on part.project_id = home and part.parent_id = tree.id
    where part.deleted_at = task.deleted_at
  )
  update workspace.tasks as target
  set deleted_at = null, is_removed = false
  from tree
  where target.id = tree.id;
  update workspace.tasks as target
  set parent_id = null
  where target.id = p_task_id
    and not exists (
      select
      from workspace.tasks as parent
      where parent.project_id = home and parent.id = target.parent_id and parent.deleted_at is null
    );
  select * into task from workspace.tasks as target where target.id = p_task_id;

  if is_staff then
    perform audit.record('restore_task', 'workspace.tasks', p_task_id);
  end if;
  return task;
end
$$;

comment on function workspace.restore_task(uuid) is
  'Brings a deleted task back, with the tasks that were deleted together with it; when what it was a part of is deleted, it stands alone. A task that is not deleted stays as it is. Owner, maintainers and members of the project, or staff of the platform (project.not_allowed), within 30 days (task.restore_too_late). Refuses task.unknown, and members account.activity_barred, project.archived and what staff took down (project.removed_by_staff). Audited when staff does it.';

revoke all on function workspace.restore_task(uuid) from public;
grant execute on function workspace.restore_task(uuid) to stoa_member;

-- Object: workspace/functions/role_rank.sql
create or replace function workspace.role_rank(p_role text)
returns smallint
language sql
immutable
begin atomic
  select (array_position(array['viewer', 'member', 'maintainer', 'owner'], p_role))::smallint;
end;

comment on function workspace.role_rank(text) is
  'Internal. How far a role in a project reaches: viewer 1, member 2, maintainer 3, owner 4; null for none.';

revoke all on function workspace.role_rank(text) from public;

-- Object: workspace/functions/search_documents.sql
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

-- Object: workspace/functions/set_project_role.sql
create or replace function workspace.set_project_role(p_project_id uuid, p_user_id uuid, p_role text)
returns workspace.project_members
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before workspace.project_members;
  member workspace.project_members;
begin
  perform workspace.locked_project(p_project_id, 'maintainer');
  before := workspace.changeable_member(p_project_id, p_user_id);
  if before.role = p_role then
    return before;
  end if;
  perform workspace.check_given_role(p_project_id, p_role);
  update workspace.project_members as known
  set role = p_role
  where known.project_id = p_project_id and known.user_id = p_user_id
  returning * into member;
  perform audit.record(
    'set_project_role', 'workspace.project_members', p_user_id,
    jsonb_build_object('role', before.role), jsonb_build_object('role', p_role),
    p_resource_key => jsonb_build_object('project_id', p_project_id, 'user_id', p_user_id)
  );
  return member;
end
$$;

comment on function workspace.set_project_role(uuid, uuid, text) is
  'Gives a member of a project another role: maintainer, member or viewer. Its owner or a maintainer; only the owner makes and unmakes maintainers, who may step down by themselves (project.not_allowed). Refuses project.unknown, project_member.unknown, other roles (project_member.role_invalid) and the owner (project.owner_stays). Audited.';

revoke all on function workspace.set_project_role(uuid, uuid, text) from public;
grant execute on function workspace.set_project_role(uuid, uuid, text) to stoa_member;

-- Object: workspace/functions/tell_assignee.sql
create or replace function workspace.tell_assignee(p_task workspace.tasks, p_project workspace.projects)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform notifications.notify(
    p_task.assignee_id, 'task', 'You were assigned ' || p_project.key || '-' || p_task.number || ': ' || p_task.title, null,
    jsonb_build_object('project_id', p_project.id, 'task_id', p_task.id), core.current_user_id()
  );
end
$$;

comment on function workspace.tell_assignee(workspace.tasks, workspace.projects) is
  'Internal. Tells somebody that a task is theirs now; nobody is told what they did themselves.';

revoke all on function workspace.tell_assignee(workspace.tasks, workspace.projects) from public;

-- Object: workspace/functions/transfer_project.sql
create or replace function workspace.transfer_project(p_project_id uuid, p_user_id uuid)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
  former uuid;
begin
  if core.current_role_rank() >= 3 then
    perform from workspace.projects as target where target.id = p_project_id for no key update;
    project := workspace.readable_project(p_project_id);
  else
    project := workspace.locked_project(p_project_id, 'owner');
  end if;
  former := project.owner_id;
  if p_user_id = former then
    return project;
  end if;
  perform
  from workspace.project_members as member
  where member.project_id = p_project_id and member.user_id = p_user_id
  for no key update;
  if not found then
    perform core.fail('project_member.unknown');
  end if;
  perform workspace.open_account(p_user_id);
  perform workspace.check_owned_limit(p_user_id);

  begin
    update workspace.projects as target set owner_id = p_user_id where target.id = p_project_id returning * into project;
  exception
    when unique_violation then perform core.fail('project.key_taken');
  end;
  update workspace.project_members as member
  set role = 'maintainer'
  where member.project_id = p_project_id and member.role = 'owner';
  update workspace.project_members as member
  set role = 'owner'
  where member.project_id = p_project_id and member.user_id = p_user_id;
  perform audit.record(
    'transfer_project', 'workspace.projects', p_project_id,
    jsonb_build_object('owner_id', former), jsonb_build_object('owner_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'project', 'You now own the project ' || project.name, null, jsonb_build_object('project_id', p_project_id), me
  );
  return project;
end
$$;

comment on function workspace.transfer_project(uuid, uuid) is
  'Hands a project to another member; the former owner stays as a maintainer. Only its owner or an administrator of the platform (project.not_allowed). Refuses project.unknown, somebody who does not take part (project_member.unknown), whose account is closed, disabled or banned, or blocks the caller (user.unknown), who owns as many projects as one may (project.limit_reached), or has one of the same key (project.key_taken). Audited; the new owner is told.';

revoke all on function workspace.transfer_project(uuid, uuid) from public;
grant execute on function workspace.transfer_project(uuid, uuid) to stoa_member;

-- Object: workspace/functions/update_document.sql
create or replace function workspace.update_document(p_document_id uuid, p_version integer, p_patch jsonb)
returns workspace.documents
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  document workspace.documents;
begin
  -- A new place in the tree is decided under the exclusive lock of the project; texts need no more than to share it, so
  -- two pages of a project are written at the same time.
  document := workspace.workable_document(p_document_id, not coalesce(p_patch ? 'parent_id', false));
  perform groups.check_patch_types(
    p_patch, array['title', 'content', 'content_format', 'parent_id'], '{}', '{}', array['parent_id']
  );
  if document.version is distinct from p_version then
    perform core.fail('document.stale');
  end if;
  if p_patch = '{}' then
    return document;
  end if;
  if p_patch ? 'title' then document.title := core.clean_text(p_patch ->> 'title', 300); end if;
  if p_patch ? 'content' then document.content := p_patch ->> 'content'; end if;
  if p_patch ? 'content_format' then
    perform workspace.check_document(null, p_patch ->> 'content_format');
    document.content_format := p_patch ->> 'content_format';
  end if;
  perform workspace.check_document(document.content, document.content_format);
  if p_patch ? 'parent_id' then
    begin
      document.parent_id := (p_patch ->> 'parent_id')::uuid;
    exception
      when invalid_text_representation then perform core.fail('input.malformed');
    end;
    perform workspace.check_document_parent(document.project_id, p_document_id, document.parent_id);
  end if;
  begin
    update workspace.documents as target
    set title = document.title,
        content = document.content,
        content_format = document.content_format,
        parent_id = document.parent_id,
        version = target.version + 1,
        updated_by = me
    where target.id = p_document_id
    returning * into document;
  exception
    when program_limit_exceeded then perform core.fail('document.too_long');
  end;
  return document;
end
$$;

comment on function workspace.update_document(uuid, integer, jsonb) is
  'Changes a page, from the version that the caller read: when there is a newer one, nothing is changed (document.stale). The patch may name title, content, content_format, parent_id; null for parent_id brings it to the top. Owner, maintainers and members of the project (project.not_allowed). Refuses document.unknown, account.activity_barred, project.archived, document.format_invalid, document.too_long, document.parent_invalid, other keys (input.unknown_key) and values of the wrong kind (input.malformed). Limits: title 300 characters, text 200,000.';

revoke all on function workspace.update_document(uuid, integer, jsonb) from public;
grant execute on function workspace.update_document(uuid, integer, jsonb) to stoa_member;

-- Object: workspace/functions/update_project.sql
create or replace function workspace.update_project(p_project_id uuid, p_patch jsonb)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  nullable constant text[] := array['description', 'group_id', 'starts_on', 'due_on'];
  me constant uuid := core.require_member();
  before workspace.projects;
  after workspace.projects;
  images jsonb;
begin
  perform core.require_unrestricted('posting');
  before := workspace.locked_project(p_project_id, 'maintainer');
  perform groups.check_patch_types(p_patch, nullable || array['name', 'key', 'status', 'visibility'], '{}', '{}', nullable);
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 150); end if;
  if p_patch ? 'key' then after.key := upper(core.clean_text(p_patch ->> 'key', 10)); end if;
  after.description := core.patch_text(p_patch, 'description', before.description, 5000);
  if p_patch ? 'status' then after.status := p_patch ->> 'status'; end if;
  if p_patch ? 'visibility' then after.visibility := p_patch ->> 'visibility'; end if;
  begin
    if p_patch ? 'group_id' then after.group_id := (p_patch ->> 'group_id')::uuid; end if;
    if p_patch ? 'starts_on' then after.starts_on := (p_patch ->> 'starts_on')::date; end if;
    if p_patch ? 'due_on' then after.due_on := (p_patch ->> 'due_on')::date; end if;
  exception
    when invalid_text_representation or invalid_datetime_format or datetime_field_overflow then
      perform core.fail('input.malformed');
  end;
  perform workspace.check_project(after);
  if after.group_id is distinct from before.group_id then
    perform workspace.check_group(after.group_id);
  end if;

  begin
    update workspace.projects as target
    set name = after.name,
        key = after.key,
        description = after.description,
        status = after.status,
        visibility = after.visibility,
        group_id = after.group_id,
        starts_on = after.starts_on,
        due_on = after.due_on
    where target.id = p_project_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('project.key_taken');
  end;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record('update_project', 'workspace.projects', p_project_id, images -> 'before', images -> 'after');
  return after;
end
$$;

comment on function workspace.update_project(uuid, jsonb) is
  'Changes a project. The patch may name name, key, description, status, visibility, group_id, starts_on, due_on; null clears description, group_id and the dates. Its owner or a maintainer (project.not_allowed). Refuses project.unknown, other keys (input.unknown_key), values of the wrong kind (input.malformed), and what create_project refuses. Limits: name 150 characters, description 5,000. Audited.';

revoke all on function workspace.update_project(uuid, jsonb) from public;
grant execute on function workspace.update_project(uuid, jsonb) to stoa_member;

-- Object: workspace/functions/update_task.sql
create or replace function workspace.update_task(p_task_id uuid, p_patch jsonb)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  task workspace.tasks;
begin
  -- A new place in the tree is decided under the exclusive lock of the project; texts need no more than to share it.
  task := workspace.workable_task(p_task_id, not coalesce(p_patch ? 'parent_id', false));
  perform groups.check_patch_types(
    p_patch, array['title', 'description', 'due_at', 'parent_id'], '{}', array['priority'],
    array['description', 'due_at', 'parent_id']
  );
  if p_patch = '{}' then
    return task;
  end if;
  if p_patch ? 'title' then task.title := core.clean_text(p_patch ->> 'title', 300); end if;
  task.description := core.patch_text(p_patch, 'description', task.description, 20000);
  if p_patch ? 'priority' then
    if (p_patch ->> 'priority')::integer not between 0 and 4 then
      perform core.fail('task.priority_invalid');
    end if;
    task.priority := (p_patch ->> 'priority')::smallint;
  end if;
  begin
    if p_patch ? 'due_at' then task.due_at := (p_patch ->> 'due_at')::timestamptz; end if;
    if p_patch ? 'parent_id' then task.parent_id := (p_patch ->> 'parent_id')::uuid; end if;
  exception
    when invalid_text_representation or invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
      perform core.fail('input.malformed');
  end;
  if not isfinite(task.due_at) then
    perform core.fail('input.malformed');
  end if;
  if p_patch ? 'parent_id' then
    perform workspace.check_task_parent(task.project_id, p_task_id, task.parent_id);
  end if;
  update workspace.tasks as target
  set title = task.title,
      description = task.description,
      priority = task.priority,
      due_at = task.due_at,
      parent_id = task.parent_id
  where target.id = p_task_id
  returning * into task;
  return task;
end
$$;

comment on function workspace.update_task(uuid, jsonb) is
  'Changes a task. The patch may name title, description, priority (0 to 4), due_at, parent_id; null clears description, due_at and parent_id. Owner, maintainers and members of the project (project.not_allowed). Refuses task.unknown, account.activity_barred, project.archived, task.priority_invalid, task.parent_invalid, other keys (input.unknown_key) and values of the wrong kind (input.malformed). Limits: title 300 characters, description 20,000.';

revoke all on function workspace.update_task(uuid, jsonb) from public;
grant execute on function workspace.update_task(uuid, jsonb) to stoa_member;

-- Object: workspace/functions/workable_document.sql
create or replace function workspace.workable_document(p_document_id uuid, p_is_shared boolean default false)
returns workspace.documents
language plpgsql
volatile
set search_path = ''
as $$
declare
  found_document workspace.documents;
begin
  -- It never changes its project, so this may be read before anything is locked.
  select * into found_document from workspace.documents as target where target.id = p_document_id;
  if not found then
    perform core.fail('document.unknown');
  end if;
  perform workspace.workable_project(found_document.project_id, 'document.unknown', p_is_shared);
  select * into found_document
  from workspace.documents as target
  where target.id = p_document_id
    and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('document.unknown');
  end if;
  return found_document;
end
$$;

comment on function workspace.workable_document(uuid, boolean) is
  'Internal. A live page that the caller may change, locked after its project. Refuses document.unknown, and what workspace.workable_project refuses.';

revoke all on function workspace.workable_document(uuid, boolean) from public;

-- Object: workspace/functions/workable_project.sql
create or replace function workspace.workable_project(p_project_id uuid, p_unknown text default 'project.unknown', p_is_shared boolean default false)
returns workspace.projects
language plpgsql
volatile
set search_path = ''
as $$
declare
  project workspace.projects;
begin
  perform core.require_unrestricted('posting');
  project := workspace.locked_project(p_project_id, 'member', p_unknown, p_is_shared);
  if project.status = 'archived' then
    perform core.fail('project.archived');
  end if;
  return project;
end
$$;

comment on function workspace.workable_project(uuid, text, boolean) is
  'Internal. A live project, locked, whose tasks and pages the caller may change. Refuses somebody barred from posting (account.activity_barred), what workspace.locked_project refuses to less than a member, and an archived project (project.archived).';

revoke all on function workspace.workable_project(uuid, text, boolean) from public;

-- Object: workspace/functions/workable_task.sql
create or replace function workspace.workable_task(p_task_id uuid, p_is_shared boolean default false)
returns workspace.tasks
language plpgsql
volatile
set search_path = ''
as $$
declare
  found_task workspace.tasks;
begin
  -- It never changes its project, so this may be read before anything is locked.
  select * into found_task from workspace.tasks as target where target.id = p_task_id;
  if not found then
    perform core.fail('task.unknown');
  end if;
  perform workspace.workable_project(found_task.project_id, 'task.unknown', p_is_shared);
  select * into found_task
  from workspace.tasks as target
  where target.id = p_task_id
    and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('task.unknown');
  end if;
  return found_task;
end
$$;

comment on function workspace.workable_task(uuid, boolean) is
  'Internal. A live task that the caller may change, locked after its project. Refuses task.unknown, and what workspace.workable_project refuses.';

revoke all on function workspace.workable_task(uuid, boolean) from public;

-- Object: workspace/triggers/documents.queue_search_insert.sql
create or replace trigger queue_search_insert
after insert on workspace.documents
for each row
execute function workspace.queue_document_search();

comment on trigger queue_search_insert on workspace.documents is 'A new page becomes findable in an external search engine.';

-- Object: workspace/triggers/documents.queue_search_update.sql
create or replace trigger queue_search_update
after update of title, content, deleted_at on workspace.documents
for each row
execute function workspace.queue_document_search();

comment on trigger queue_search_update on workspace.documents is 'What an external search engine knows of a page follows its row.';

-- Object: workspace/triggers/documents.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on workspace.documents
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on workspace.documents is 'Keeps updated_at.';

-- Object: workspace/triggers/projects.lose_group.sql
create or replace trigger lose_group
before update of group_id on workspace.projects
for each row
execute function workspace.lose_group();

comment on trigger lose_group on workspace.projects is 'What a group could read goes on without it when the group is purged.';

-- Object: workspace/triggers/projects.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on workspace.projects
for each row
-- Each new task takes a number; that is not a change of the project.
when (old.last_task_number = new.last_task_number)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on workspace.projects is 'Keeps updated_at; a number that was taken does not count.';

-- Object: workspace/triggers/tasks.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on workspace.tasks
for each row
-- A column that is spaced anew is not a change of its tasks.
when (old.position = new.position or old.status <> new.status)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on workspace.tasks is 'Keeps updated_at; a new place in the same column does not count.';

-- Object: workspace/policies/documents.sql
revoke all on workspace.documents from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on workspace.documents to stoa_anonymous;

drop policy if exists as_project on workspace.documents;
create policy as_project on workspace.documents
for select
to stoa_anonymous
-- A case, because the planner takes one for true half of the time: with the bare comparisons it expects next to nothing
-- to pass, and sorts a whole project for one page of it.
using (
  deleted_at is null
  and case
    when project_id = any (array(select workspace.my_project_ids())) then true
    -- Not "exists": the planner would read all public projects to hash them.
    else 'public' = (
      select project.visibility
      from workspace.projects as project
      where project.id = documents.project_id
        and project.deleted_at is null
    )
  end
);

comment on policy as_project on workspace.documents is 'Whoever may read a project reads its live pages. Public projects come last, by a look-up: whoever reads in their own never has it made.';

drop policy if exists maintained on workspace.documents;
create policy maintained on workspace.documents
for select
to stoa_member
using (
  -- A case, so that live rows never have the list made.
  case
    when deleted_at > now() - interval '30 days'
      then project_id = any (array(select workspace.my_maintained_project_ids()))
    else false
  end
);

comment on policy maintained on workspace.documents is 'Owners and maintainers read the deleted pages of their projects for the 30 days in which they can be restored.';

drop policy if exists staff on workspace.documents;
create policy staff on workspace.documents
for select
to stoa_moderator
using (true);

comment on policy staff on workspace.documents is 'Staff of the platform reads every page, deleted ones too.';

-- Object: workspace/policies/project_members.sql
revoke all on workspace.project_members from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on workspace.project_members to stoa_member;

drop policy if exists as_project on workspace.project_members;
create policy as_project on workspace.project_members
for select
to stoa_member
-- A case, because the planner takes one for true half of the time; see the policy of the tasks.
using (
  case
    when project_id = any (array(select workspace.my_project_ids())) then true
    else 'public' = (
      select project.visibility
      from workspace.projects as project
      where project.id = project_members.project_id
        and project.deleted_at is null
    )
  end
);

comment on policy as_project on workspace.project_members is 'Members read who takes part in the projects that they read. Public projects come last, by a look-up: whoever reads in their own never has it made.';

drop policy if exists staff on workspace.project_members;
create policy staff on workspace.project_members
for select
to stoa_moderator
using (true);

comment on policy staff on workspace.project_members is 'Staff of the platform reads every membership.';

-- Object: workspace/policies/projects.sql
revoke all on workspace.projects from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on workspace.projects to stoa_anonymous;

drop policy if exists public on workspace.projects;
create policy public on workspace.projects
for select
to stoa_anonymous
using (
  visibility = 'public'
  and deleted_at is null
);

comment on policy public on workspace.projects is 'Everybody reads public projects.';

drop policy if exists members on workspace.projects;
create policy members on workspace.projects
for select
to stoa_member
using (id = any (array(select workspace.my_project_ids())));

comment on policy members on workspace.projects is 'Members read the projects that they take part in, and those that their groups may read.';

drop policy if exists own_deleted on workspace.projects;
create policy own_deleted on workspace.projects
for select
to stoa_member
using (
  owner_id = (select core.current_user_id())
  and deleted_at > now() - interval '30 days'
);

comment on policy own_deleted on workspace.projects is 'Owners read their deleted projects for the 30 days in which they can be restored.';

drop policy if exists staff on workspace.projects;
create policy staff on workspace.projects
for select
to stoa_moderator
using (true);

comment on policy staff on workspace.projects is 'Staff of the platform reads every project, deleted ones too.';

-- Object: workspace/policies/tasks.sql
revoke all on workspace.tasks from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on workspace.tasks to stoa_anonymous;

drop policy if exists as_project on workspace.tasks;
create policy as_project on workspace.tasks
for select
to stoa_anonymous
-- A case, because the planner takes one for true half of the time: with the bare comparisons it expects next to nothing
-- to pass, and sorts a whole project for one page of it.
using (
  deleted_at is null
  and case
    when project_id = any (array(select workspace.my_project_ids())) then true
    -- Not "exists": the planner would read all public projects to hash them.
    else 'public' = (
      select project.visibility
      from workspace.projects as project
      where project.id = tasks.project_id
        and project.deleted_at is null
    )
  end
);

comment on policy as_project on workspace.tasks is 'Whoever may read a project reads its live tasks. Public projects come last, by a look-up: whoever reads in their own never has it made.';

drop policy if exists maintained on workspace.tasks;
create policy maintained on workspace.tasks
for select
to stoa_member
using (
  -- A case, so that live rows never have the list made.
  case
    when deleted_at > now() - interval '30 days'
      then project_id = any (array(select workspace.my_maintained_project_ids()))
    else false
  end
);

comment on policy maintained on workspace.tasks is 'Owners and maintainers read the deleted tasks of their projects for the 30 days in which they can be restored.';

drop policy if exists staff on workspace.tasks;
create policy staff on workspace.tasks
for select
to stoa_moderator
using (true);

comment on policy staff on workspace.tasks is 'Staff of the platform reads every task, deleted ones too.';

-- End of objects

-- Down Migration

drop policy staff on workspace.tasks;
drop policy maintained on workspace.tasks;
drop policy as_project on workspace.tasks;
drop policy staff on workspace.projects;
drop policy own_deleted on workspace.projects;
drop policy members on workspace.projects;
drop policy public on workspace.projects;
drop policy staff on workspace.project_members;
drop policy as_project on workspace.project_members;
drop policy staff on workspace.documents;
drop policy maintained on workspace.documents;
drop policy as_project on workspace.documents;
drop trigger touch_updated_at on workspace.tasks;
drop trigger touch_updated_at on workspace.projects;
drop trigger lose_group on workspace.projects;
drop trigger touch_updated_at on workspace.documents;
drop trigger queue_search_update on workspace.documents;
drop trigger queue_search_insert on workspace.documents;
drop function workspace.workable_task(uuid, boolean);
drop function workspace.workable_project(uuid, text, boolean);
drop function workspace.workable_document(uuid, boolean);
drop function workspace.update_task(uuid, jsonb);
drop function workspace.update_project(uuid, jsonb);
drop function workspace.update_document(uuid, integer, jsonb);
drop function workspace.transfer_project(uuid, uuid);
drop function workspace.tell_assignee(workspace.tasks, workspace.projects);
drop function workspace.set_project_role(uuid, uuid, text);
drop function workspace.search_documents(text, uuid, integer);
drop function workspace.role_rank(text);
drop function workspace.restore_task(uuid);
drop function workspace.restore_project(uuid);
drop function workspace.restore_document(uuid);
drop function workspace.remove_project_member(uuid, uuid);
drop function workspace.readable_project(uuid, text);
drop function workspace.queue_document_search();
drop function workspace.projects_my_role(workspace.projects);
drop function workspace.project_role(uuid);
drop function workspace.open_account(uuid);
drop function workspace.my_tasks(integer, uuid);
drop function workspace.my_project_ids();
drop function workspace.my_maintained_project_ids();
drop function workspace.move_task(uuid, text, uuid);
drop function workspace.lose_group();
drop function workspace.locked_project(uuid, text, text, boolean);
drop function workspace.lock_assignee(uuid, uuid);
drop function workspace.is_readable(workspace.projects);
drop function workspace.delete_task(uuid, text);
drop function workspace.delete_project(uuid, text);
drop function workspace.delete_document(uuid, text);
drop function workspace.create_task(uuid, text, text, text, integer, uuid, timestamptz, uuid, uuid, uuid, text);
drop function workspace.create_project(text, text, uuid, text, text, date, date);
drop function workspace.create_document(uuid, text, text, text, uuid, text);
drop function workspace.check_task_status(text);
drop function workspace.check_task_parent(uuid, uuid, uuid);
drop function workspace.check_project(workspace.projects);
drop function workspace.check_owned_limit(uuid);
drop function workspace.check_group(uuid);
drop function workspace.check_given_role(uuid, text);
drop function workspace.check_document_parent(uuid, uuid, uuid);
drop function workspace.check_document(text, text);
drop function workspace.changeable_member(uuid, uuid);
drop function workspace.board_place(uuid, text, uuid, uuid);
drop function workspace.assign_task(uuid, uuid);
drop function workspace.add_project_member(uuid, uuid, text);
revoke all on table workspace.documents from stoa_anonymous;
revoke all on table workspace.project_members from stoa_member;
revoke all on table workspace.projects from stoa_anonymous;
revoke all on table workspace.tasks from stoa_anonymous;
