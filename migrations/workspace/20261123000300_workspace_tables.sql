-- Why: projects that people work on together, alone or inside a group: who takes part, numbered tasks on a board, written
-- pages. References the base and the groups.
-- Lock order of everything in this module: project, then membership, then tasks by id, then documents by id. Whatever
-- numbers, moves, nests, assigns or deletes, or changes who takes part, holds the project exclusively (for no key
-- update); whoever only changes what a task or a page says shares it (for share) and locks that row.
-- Locks: none on anything that holds data. Back: drops the schema with all projects in it.

-- Up Migration

create schema workspace;
comment on schema workspace is 'Projects: who takes part, tasks on a board, written pages.';

grant usage on schema workspace to stoa_anonymous, stoa_worker;

create table workspace.projects (
  id uuid not null default core.uuidv7(),
  group_id uuid,
  owner_id uuid not null,
  key varchar(10) not null,
  name varchar(150) not null,
  description text,
  status text not null default 'active',
  visibility text not null default 'members',
  starts_on date,
  due_on date,
  last_task_number integer not null default 0,
  is_removed boolean not null default false,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint projects_pkey primary key (id),
  constraint projects_group_id_fkey foreign key (group_id) references groups.groups (id) on delete set null,
  constraint projects_owner_id_fkey foreign key (owner_id) references core.users (id) on delete restrict,
  constraint projects_key_key unique (owner_id, key),
  constraint projects_key_check check (key ~ '^[A-Z][A-Z0-9]{1,9}$'),
  constraint projects_status_check check (status in ('planned', 'active', 'paused', 'completed', 'archived')),
  constraint projects_visibility_check check (
    visibility in ('members', 'group', 'public')
    and (visibility <> 'group' or group_id is not null)
  ),
  constraint projects_dates_check check (due_on >= starts_on),
  constraint projects_description_check check (char_length(description) <= 5000),
  constraint projects_task_number_check check (last_task_number >= 0),
  constraint projects_removed_check check (not is_removed or deleted_at is not null)
) with (fillfactor = 80);

comment on table workspace.projects is
  E'@name project\n@behavior -query:resource:connection\nA piece of work that people share, with tasks and written pages; alone or inside a group.';
comment on column workspace.projects.id is 'Time-ordered identifier.';
comment on column workspace.projects.group_id is 'The group that it belongs to, if any.';
comment on column workspace.projects.owner_id is 'Who is responsible; also its one member with the role owner.';
comment on column workspace.projects.key is 'What the numbers of its tasks begin with: WEB for WEB-12.';
comment on column workspace.projects.name is 'The name people see.';
comment on column workspace.projects.description is 'What it is about.';
comment on column workspace.projects.status is 'planned, active, paused, completed, or archived: an archived project takes no changes of tasks and pages.';
comment on column workspace.projects.visibility is 'Who may read it: members (of the project), group (members of its group too) or public.';
comment on column workspace.projects.starts_on is 'When it is planned to start.';
comment on column workspace.projects.due_on is 'When it is planned to be done.';
comment on column workspace.projects.last_task_number is 'The highest number that a task of it was given. Taken under the lock of the row, so numbers have no gaps.';
comment on column workspace.projects.is_removed is 'Taken down by staff of the platform: only staff brings it back.';
comment on column workspace.projects.deleted_at is 'When it was deleted; its owner can restore it for 30 days, then it is purged.';
comment on column workspace.projects.inserted_at is 'When the row was made.';
comment on column workspace.projects.updated_at is 'When the row was last changed, numbers aside.';
comment on index workspace.projects_pkey is 'One project by its identifier.';
comment on index workspace.projects_key_key is 'The projects of one owner, no key twice; supports the foreign key.';
comment on constraint projects_key_key on workspace.projects is 'One owner has no two projects of one key, deleted ones that can be restored counted.';
comment on constraint projects_key_check on workspace.projects is 'A capital letter, then one to nine capitals and digits.';
comment on constraint projects_status_check on workspace.projects is 'The states that exist.';
comment on constraint projects_visibility_check on workspace.projects is 'What a group may read has a group.';
comment on constraint projects_dates_check on workspace.projects is 'It is not due before it starts.';
comment on constraint projects_description_check on workspace.projects is 'A text, not a page.';
comment on constraint projects_task_number_check on workspace.projects is 'A number is never negative.';
comment on constraint projects_removed_check on workspace.projects is 'What is taken down is deleted.';

create index projects_group_idx on workspace.projects (group_id, id) where group_id is not null;
comment on index workspace.projects_group_idx is E'@order NEW backward live\nThe projects of a group, newest first; supports the foreign key.';
create index projects_purge_idx on workspace.projects (deleted_at) where deleted_at is not null;
comment on index workspace.projects_purge_idx is 'Deleted projects that are due for purging.';

alter table workspace.projects enable row level security;

create table workspace.project_members (
  project_id uuid not null,
  user_id uuid not null,
  role text not null default 'member',
  added_by uuid,
  joined_at timestamptz not null default now(),
  constraint project_members_pkey primary key (project_id, user_id),
  constraint project_members_project_id_fkey foreign key (project_id) references workspace.projects (id) on delete cascade,
  constraint project_members_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint project_members_added_by_fkey foreign key (added_by) references core.users (id) on delete set null,
  constraint project_members_role_check check (role in ('owner', 'maintainer', 'member', 'viewer'))
);

comment on table workspace.project_members is
  E'@name project_member\n@behavior -query:resource:connection\nWho takes part in a project, and how far.';
comment on column workspace.project_members.project_id is 'The project.';
comment on column workspace.project_members.user_id is 'The person.';
comment on column workspace.project_members.role is 'owner (one; everything), maintainer (the project and its members), member (tasks and pages) or viewer (reads).';
comment on column workspace.project_members.added_by is 'Who brought them in.';
comment on column workspace.project_members.joined_at is 'Since when.';
comment on index workspace.project_members_pkey is 'Who takes part in a project; one membership; target of the composite foreign key of assignments.';
comment on constraint project_members_role_check on workspace.project_members is 'The roles that exist.';
comment on constraint project_members_project_id_fkey on workspace.project_members is E'@foreignFieldName members\nGoes with its project.';

create unique index project_members_owner_key on workspace.project_members (project_id) where role = 'owner';
comment on index workspace.project_members_owner_key is 'A project has one owner.';
create index project_members_user_idx on workspace.project_members (user_id, project_id);
comment on index workspace.project_members_user_idx is 'The projects that somebody takes part in; supports the foreign key.';
create index project_members_added_by_idx on workspace.project_members (added_by) where added_by is not null;
comment on index workspace.project_members_added_by_idx is 'Supports the foreign key.';

alter table workspace.project_members enable row level security;

create table workspace.tasks (
  id uuid not null default core.uuidv7(),
  project_id uuid not null,
  number integer not null,
  parent_id uuid,
  title varchar(300) not null,
  description text,
  status text not null default 'todo',
  priority smallint not null default 2,
  assignee_id uuid,
  created_by uuid,
  position double precision not null default 0,
  due_at timestamptz,
  completed_at timestamptz,
  source_channel_id uuid,
  source_message_id uuid,
  is_removed boolean not null default false,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tasks_pkey primary key (id),
  constraint tasks_project_id_fkey foreign key (project_id) references workspace.projects (id) on delete cascade,
  constraint tasks_number_key unique (project_id, number),
  constraint tasks_project_id_key unique (project_id, id),
  constraint tasks_parent_fkey foreign key (project_id, parent_id) references workspace.tasks (project_id, id) on delete cascade,
  constraint tasks_assignee_fkey foreign key (project_id, assignee_id) references workspace.project_members (project_id, user_id) on delete set null (assignee_id),
  constraint tasks_created_by_fkey foreign key (created_by) references core.users (id) on delete set null,
  constraint tasks_number_check check (number > 0),
  constraint tasks_status_check check (status in ('todo', 'in_progress', 'review', 'done', 'cancelled')),
  constraint tasks_priority_check check (priority between 0 and 4),
  constraint tasks_done_check check ((status = 'done') = (completed_at is not null)),
  constraint tasks_source_check check ((source_channel_id is null) = (source_message_id is null)),
  constraint tasks_description_check check (char_length(description) <= 20000),
  constraint tasks_parent_check check (parent_id <> id),
  constraint tasks_removed_check check (not is_removed or deleted_at is not null)
);

comment on table workspace.tasks is
  E'@name task\n@behavior -query:resource:connection\nSomething to be done in a project. The board shows the tasks of each status in the order of their positions.';
comment on column workspace.tasks.id is 'Time-ordered identifier.';
comment on column workspace.tasks.project_id is 'The project.';
comment on column workspace.tasks.number is 'Its number in the project: 12 for WEB-12. Numbers are given once, without gaps.';
comment on column workspace.tasks.parent_id is 'The task that it is a part of, of the same project.';
comment on column workspace.tasks.title is 'What is to be done.';
comment on column workspace.tasks.description is 'The same at length.';
comment on column workspace.tasks.status is E'@isIndexed\ntodo, in_progress, review, done or cancelled: the columns of the board.';
comment on column workspace.tasks.priority is '0 urgent, 1 high, 2 normal, 3 low, 4 none.';
comment on column workspace.tasks.assignee_id is 'Who does it: somebody who takes part in the project.';
comment on column workspace.tasks.created_by is 'Who wrote it down.';
comment on column workspace.tasks.position is 'Place among the tasks of the same status, the smallest first; ties by id. A fraction between two neighbours; the column is spaced anew when there is no room between them.';
comment on column workspace.tasks.due_at is 'The deadline.';
comment on column workspace.tasks.completed_at is 'When it was done.';
comment on column workspace.tasks.source_channel_id is 'Channel of the message that it came from. A soft reference: the message may go.';
comment on column workspace.tasks.source_message_id is 'The message that it came from. A soft reference.';
comment on column workspace.tasks.is_removed is 'Taken down by staff of the platform: only staff brings it back.';
comment on column workspace.tasks.deleted_at is 'When it was deleted, with the tasks under it; it can be restored for 30 days, then it is purged.';
comment on column workspace.tasks.inserted_at is 'When the row was made.';
comment on column workspace.tasks.updated_at is 'When the row was last changed; a new place on the board alone does not count.';
comment on index workspace.tasks_pkey is 'One task by its identifier.';
comment on index workspace.tasks_number_key is 'One task by its number: WEB-12.';
comment on index workspace.tasks_project_id_key is E'@order NEW backward live\nThe tasks of a project, newest first; target of composite foreign keys; supports the foreign key.';
comment on constraint tasks_parent_fkey on workspace.tasks is E'@isIndexed\n@foreignFieldName subtasks\nA part belongs to the project of the whole.';
comment on constraint tasks_assignee_fkey on workspace.tasks is E'@isIndexed\n@fieldName assignee\n@foreignFieldName assignedTasks\nOnly those who take part can be assigned; who leaves is assigned no more.';
comment on constraint tasks_created_by_fkey on workspace.tasks is 'An account that is removed leaves its tasks.';
comment on constraint tasks_number_check on workspace.tasks is 'Numbers begin with 1.';
comment on constraint tasks_status_check on workspace.tasks is 'The columns that exist.';
comment on constraint tasks_priority_check on workspace.tasks is 'The priorities that exist.';
comment on constraint tasks_done_check on workspace.tasks is 'What is done says when, nothing else does.';
comment on constraint tasks_source_check on workspace.tasks is 'A message is named with its channel.';
comment on constraint tasks_description_check on workspace.tasks is 'A long text is a page.';
comment on constraint tasks_parent_check on workspace.tasks is 'Nothing is a part of itself.';
comment on constraint tasks_removed_check on workspace.tasks is 'What is taken down is deleted.';

create index tasks_board_idx on workspace.tasks (project_id, status, position, id) where deleted_at is null;
comment on index workspace.tasks_board_idx is E'@order BOARD\nThe board of a project: each column in order.';
create index tasks_assignee_idx on workspace.tasks (project_id, assignee_id) where assignee_id is not null;
comment on index workspace.tasks_assignee_idx is 'What somebody does in a project; supports the foreign key.';
create index tasks_mine_idx on workspace.tasks (assignee_id, due_at, id)
  where assignee_id is not null and status not in ('done', 'cancelled') and deleted_at is null;
comment on index workspace.tasks_mine_idx is 'The open tasks of a person over all projects, the next due first.';
create index tasks_parent_idx on workspace.tasks (project_id, parent_id) where parent_id is not null;
comment on index workspace.tasks_parent_idx is 'The parts of a task; supports the foreign key.';
create index tasks_created_by_idx on workspace.tasks (created_by) where created_by is not null;
comment on index workspace.tasks_created_by_idx is 'Supports the foreign key.';
create index tasks_purge_idx on workspace.tasks (deleted_at) where deleted_at is not null;
comment on index workspace.tasks_purge_idx is 'Deleted tasks that are due for purging.';

alter table workspace.tasks enable row level security;

create table workspace.documents (
  id uuid not null default core.uuidv7(),
  project_id uuid not null,
  parent_id uuid,
  title varchar(300) not null,
  content text not null default '',
  content_format varchar(20) not null default 'markdown',
  version integer not null default 1,
  created_by uuid,
  updated_by uuid,
  search tsvector not null generated always as (
    setweight(to_tsvector('english'::regconfig, title), 'A') operator(pg_catalog.||) setweight(to_tsvector('english'::regconfig, content), 'B')
  ) stored,
  is_removed boolean not null default false,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint documents_pkey primary key (id),
  constraint documents_project_id_fkey foreign key (project_id) references workspace.projects (id) on delete cascade,
  constraint documents_project_id_key unique (project_id, id),
  constraint documents_parent_fkey foreign key (project_id, parent_id) references workspace.documents (project_id, id) on delete set null (parent_id),
  constraint documents_created_by_fkey foreign key (created_by) references core.users (id) on delete set null,
  constraint documents_updated_by_fkey foreign key (updated_by) references core.users (id) on delete set null,
  constraint documents_format_check check (content_format in ('markdown', 'plain') and version > 0),
  constraint documents_length_check check (char_length(content) <= 200000),
  constraint documents_parent_check check (parent_id <> id),
  constraint documents_removed_check check (not is_removed or deleted_at is not null)
);

comment on table workspace.documents is
  E'@name document\n@behavior -query:resource:connection\nA written page of a project; pages stand under pages. Whoever changes one names the version that they read.';
comment on column workspace.documents.id is 'Time-ordered identifier.';
comment on column workspace.documents.project_id is 'The project.';
comment on column workspace.documents.parent_id is 'The page that it stands under, of the same project.';
comment on column workspace.documents.title is 'The title.';
comment on column workspace.documents.content is 'The text.';
comment on column workspace.documents.content_format is 'How the text is written: markdown or plain.';
comment on column workspace.documents.version is 'Counts the changes: a change names the version that it was made from, and is refused when there is a newer one.';
comment on column workspace.documents.created_by is 'Who wrote it first.';
comment on column workspace.documents.updated_by is 'Who changed it last.';
comment on column workspace.documents.search is 'Title and text, prepared for full-text search.';
comment on column workspace.documents.is_removed is 'Taken down by staff of the platform: only staff brings it back.';
comment on column workspace.documents.deleted_at is 'When it was deleted; it can be restored for 30 days, then it is purged.';
comment on column workspace.documents.inserted_at is 'When the row was made.';
comment on column workspace.documents.updated_at is 'When the row was last changed.';
comment on index workspace.documents_pkey is 'One page by its identifier.';
comment on index workspace.documents_project_id_key is E'@order NEW backward live\nThe pages of a project, newest first; target of composite foreign keys; supports the foreign key.';
comment on constraint documents_parent_fkey on workspace.documents is E'@isIndexed\n@foreignFieldName pages\nA page stands under one of its own project; when that goes for good, it comes to the top.';
comment on constraint documents_created_by_fkey on workspace.documents is 'An account that is removed leaves its pages.';
comment on constraint documents_updated_by_fkey on workspace.documents is 'An account that is removed leaves its changes.';
comment on constraint documents_format_check on workspace.documents is 'The formats that exist; versions begin with 1.';
comment on constraint documents_length_check on workspace.documents is 'Bounded, because the search document of PostgreSQL is.';
comment on constraint documents_parent_check on workspace.documents is 'No page stands under itself.';
comment on constraint documents_removed_check on workspace.documents is 'What is taken down is deleted.';

create index documents_tree_idx on workspace.documents (project_id, parent_id, title, id) where deleted_at is null;
comment on index workspace.documents_tree_idx is E'@order TITLE\nThe pages under one page, or at the top, by title.';
create index documents_parent_idx on workspace.documents (project_id, parent_id) where parent_id is not null;
comment on index workspace.documents_parent_idx is 'Supports the foreign key.';
create index documents_created_by_idx on workspace.documents (created_by) where created_by is not null;
comment on index workspace.documents_created_by_idx is 'Supports the foreign key.';
create index documents_updated_by_idx on workspace.documents (updated_by) where updated_by is not null;
comment on index workspace.documents_updated_by_idx is 'Supports the foreign key.';
create index documents_search_idx on workspace.documents using gin (search) where deleted_at is null;
comment on index workspace.documents_search_idx is 'Search, through workspace.search_documents.';
create index documents_purge_idx on workspace.documents (deleted_at) where deleted_at is not null;
comment on index workspace.documents_purge_idx is 'Deleted pages that are due for purging.';

alter table workspace.documents enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('workspace.projects', 'B'),
  ('workspace.project_members', 'B'),
  ('workspace.tasks', 'B'),
  ('workspace.documents', 'B');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('workspace.projects', 'owner_id', 'keep', 'An account that owns a project cannot be closed before it hands the project over; the column then names somebody else.'),
  ('workspace.project_members', 'user_id', 'delete', 'Where a person works tells about them; assignments end with it.'),
  ('workspace.project_members', 'added_by', 'scrub', 'Who brought somebody in matters to nobody once they are gone.'),
  ('workspace.tasks', 'assignee_id', 'scrub', 'Ends with the membership; the task stays with those who work on it.'),
  ('workspace.tasks', 'created_by', 'keep', 'The work belongs to those who take part: the task stays whole and points at the tombstone.'),
  ('workspace.documents', 'created_by', 'keep', 'The work belongs to those who take part: the page stays whole and points at the tombstone.'),
  ('workspace.documents', 'updated_by', 'keep', 'Pages are written together; points at the tombstone.');

insert into ops.retention_policies (name, target, predicate) values
  ('workspace_tasks', 'workspace.tasks', 'deleted_at < :now - interval ''30 days'' and not exists (select from workspace.tasks as part where part.project_id = target.project_id and part.parent_id = target.id and (part.deleted_at is null or part.deleted_at >= :now - interval ''30 days''))'),
  ('workspace_tasks_of_deleted_projects', 'workspace.tasks', 'project_id in (select dead.id from workspace.projects as dead where dead.deleted_at < :now - interval ''30 days'')'),
  ('workspace_documents', 'workspace.documents', 'deleted_at < :now - interval ''30 days'''),
  ('workspace_documents_of_deleted_projects', 'workspace.documents', 'project_id in (select dead.id from workspace.projects as dead where dead.deleted_at < :now - interval ''30 days'')'),
  ('workspace_projects', 'workspace.projects', 'deleted_at < :now - interval ''30 days'' and not exists (select from workspace.tasks as task where task.project_id = target.id) and not exists (select from workspace.documents as page where page.project_id = target.id)');

insert into core.settings (key, value, type, description, is_public) values
  ('workspace.owned_limit', '100', 'integer', 'How many projects one person may own.', true),
  ('workspace.member_limit', '500', 'integer', 'How many people may take part in one project.', true),
  ('workspace.nesting_limit', '10', 'integer', 'How many levels deep tasks nest under tasks, and pages under pages.', true);

insert into core.ownership_rules (table_name, owner_column, condition, label) values
  ('workspace.projects', 'owner_id', 'deleted_at is null', 'projects');

insert into core.search_sources (entity_type, table_name, condition) values
  ('document', 'workspace.documents', 'deleted_at is null');

insert into core.user_metrics (name, query) values
  ('tasks_done', 'select assignee_id as user_id, count(*) as value from workspace.tasks where status = ''done'' and deleted_at is null and assignee_id is not null group by assignee_id'),
  ('documents_written', 'select created_by as user_id, count(*) as value from workspace.documents where deleted_at is null and created_by is not null group by created_by');

insert into core.report_subjects (type, label, table_name, author_column, condition, evidence_columns, removal) values
  (
    'project',
    'project',
    'workspace.projects',
    'owner_id',
    'workspace.is_readable(target)',
    '{key,name,description,visibility,group_id,inserted_at}',
    'workspace.delete_project($2, $3)'
  ),
  (
    'project_task',
    'task',
    'workspace.tasks',
    'created_by',
    'target.deleted_at is null and exists (select from workspace.projects as project where project.id = target.project_id and workspace.is_readable(project))',
    '{project_id,number,title,description,inserted_at,updated_at}',
    'workspace.delete_task($2, $3)'
  ),
  (
    'project_document',
    'page',
    'workspace.documents',
    'created_by',
    'target.deleted_at is null and exists (select from workspace.projects as project where project.id = target.project_id and workspace.is_readable(project))',
    '{project_id,title,content,version,updated_by,inserted_at,updated_at}',
    'workspace.delete_document($2, $3)'
  );

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('project.unknown', 'ST404', 'There is no such project, or you may not read it.', 'Check the identifier.'),
  ('project.not_allowed', 'ST403', 'Your role in this project does not allow this.', 'Ask its owner or a maintainer.'),
  ('project.archived', 'ST423', 'The project is archived and takes no changes.', 'Its owner or a maintainer can give it another status.'),
  ('project.key_invalid', 'ST422', 'The key of a project is of 2 to 10 letters and digits and begins with a letter.', 'Choose another key, for example WEB.'),
  ('project.key_taken', 'ST409', 'Its owner has a project of this key, or a deleted one that can be restored.', 'Choose another key.'),
  ('project.status_invalid', 'ST422', 'There is no such status of projects.', 'Send planned, active, paused, completed or archived.'),
  ('project.visibility_invalid', 'ST422', 'A project is read by members, by a group, or is public; by a group only when it belongs to one.', 'Send members, group (with a group) or public.'),
  ('project.dates_invalid', 'ST422', 'A project is not due before it starts.', 'Correct the dates.'),
  ('project.owner_stays', 'ST409', 'The owner of a project cannot leave it, be removed or get another role.', 'Hand the project over to another member, or delete it.'),
  ('project.limit_reached', 'ST429', 'One person may own only so many projects.', 'Hand over or delete one first.'),
  ('project.restore_too_late', 'ST410', 'A deleted project can be restored for 30 days.', 'Create a new one.'),
  ('project.removed_by_staff', 'ST403', 'Staff of the platform took this down.', 'Write to the moderators.'),
  ('project_member.unknown', 'ST404', 'This person does not take part in the project.', 'Check the identifier of the account.'),
  ('project_member.exists', 'ST409', 'This person takes part already.', 'Change their role instead.'),
  ('project_member.role_invalid', 'ST422', 'A role to be given is maintainer, member or viewer.', 'Send one of these; a project gets another owner by being handed over.'),
  ('project_member.limit_reached', 'ST422', 'As many people take part as a project may have.', 'Remove somebody first.'),
  ('task.unknown', 'ST404', 'There is no such task, or you may not read it.', 'Check the identifier.'),
  ('task.status_invalid', 'ST422', 'There is no such status of tasks.', 'Send todo, in_progress, review, done or cancelled.'),
  ('task.priority_invalid', 'ST422', 'A priority is from 0 (urgent) to 4 (none).', 'Send a number of that range.'),
  ('task.assignee_not_member', 'ST422', 'Only those who take part in the project can be assigned.', 'Add the person to the project first.'),
  ('task.parent_invalid', 'ST422', 'A task can be a part of a live task of the same project, never in a circle, and only so many levels deep.', 'Choose another parent, or none.'),
  ('task.before_invalid', 'ST422', 'The task to be placed before is not in that column of the board.', 'Read the column again.'),
  ('task.restore_too_late', 'ST410', 'A deleted task can be restored for 30 days.', 'Create a new one.'),
  ('document.unknown', 'ST404', 'There is no such page, or you may not read it.', 'Check the identifier.'),
  ('document.stale', 'ST409', 'Somebody changed the page since the version that you name.', 'Read it again, bring your change into what it says now, and name the new version.'),
  ('document.format_invalid', 'ST422', 'There is no such format.', 'Send markdown or plain.'),
  ('document.too_long', 'ST422', 'The text is longer than a page may be.', 'A page takes 200,000 characters, fewer when it has very many different words; make it two.'),
  ('document.parent_invalid', 'ST422', 'A page can stand under a live page of the same project, never in a circle, and only so many levels deep.', 'Choose another parent, or none.'),
  ('document.restore_too_late', 'ST410', 'A deleted page can be restored for 30 days.', 'Write it again.');

-- Down Migration

delete from core.error_codes
where reason in (
  'project.unknown', 'project.not_allowed', 'project.archived', 'project.key_invalid', 'project.key_taken',
  'project.status_invalid', 'project.visibility_invalid', 'project.dates_invalid', 'project.owner_stays',
  'project.limit_reached', 'project.restore_too_late', 'project.removed_by_staff', 'project_member.unknown',
  'project_member.exists', 'project_member.role_invalid', 'project_member.limit_reached', 'task.unknown',
  'task.status_invalid', 'task.priority_invalid', 'task.assignee_not_member', 'task.parent_invalid',
  'task.before_invalid', 'task.restore_too_late', 'document.unknown', 'document.stale', 'document.format_invalid',
  'document.too_long', 'document.parent_invalid', 'document.restore_too_late'
);
delete from core.report_subjects where type in ('project', 'project_task', 'project_document');
delete from core.user_metrics where name in ('tasks_done', 'documents_written');
delete from core.search_sources where table_name like 'workspace.%';
delete from core.ownership_rules where table_name like 'workspace.%';
delete from core.settings where key like 'workspace.%';
delete from ops.retention_policies where target like 'workspace.%';
delete from ops.personal_data_rules where table_name like 'workspace.%';
delete from ops.backup_tiers where table_name like 'workspace.%';

drop table workspace.documents;
drop table workspace.tasks;
drop table workspace.project_members;
drop table workspace.projects;
drop schema workspace;
