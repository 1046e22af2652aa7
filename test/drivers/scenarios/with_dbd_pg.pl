# DBD::Pg: statements prepared by the server, COPY, notifications, metadata of DBI.
use strict;
use warnings;
use utf8;
use DBI;
use DBD::Pg qw(:pg_types);
use Digest::SHA qw(sha256_hex);
use JSON::PP;

my $columns  = 'id, buyer_name, buyer_email, gift_message';
my $redacted = "SELECT $columns FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id";
my $by_ids   = "SELECT $columns FROM orders WHERE id BETWEEN ? AND ? ORDER BY id";
my $filter   = 'SELECT id FROM orders WHERE buyer_name = ? AND id BETWEEN 900001 AND 900100 ORDER BY id';
my $by_channel =
  'SELECT id FROM orders WHERE buyer_name = ? AND channel = ? AND id BETWEEN 900001 AND 900100 ORDER BY id';

my $db = DBI->connect("dbi:Pg:dbname=$ENV{PGDATABASE};host=$ENV{PGHOST};port=$ENV{PGPORT}",
    $ENV{PGUSER}, $ENV{PGPASSWORD}, { RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1, pg_server_prepare => 1 });

sub all { my ($query, @values) = @_; return $db->selectall_arrayref($query, undef, @values) }

sub error_of {
    my ($work) = @_;
    return 'no error' if eval { $work->(); 1 };
    return { code => $db->state, message => $db->pg_error_field('message_primary'),
        detail => $db->pg_error_field('message_detail'), constraint => $db->pg_error_field('constraint_name') };
}

sub undone { my ($work) = @_; $db->begin_work; my @all = $work->(); $db->rollback; return \@all }

sub rows_of { my ($rows) = @_; return [ map { my ($id, @rest) = @$_; [ $id + 0, @rest ] } @$rows ] }

# `$text` as the driver sends it.
sub filtered {
    my ($text, $work, $recover) = @_;
    my $n = 0;
    (my $sent = $text) =~ s/\?/'$' . ++$n/ge;
    my $rows = eval { $work->() };
    my %result = $rows ? (found => [ map { $_->[0] + 0 } @$rows ]) : (error => {
        class   => ref($db) . ' ' . $DBI::errstr =~ s/:.*//sr,
        code    => $db->state,
        message => $db->pg_error_field('message_primary'),
        detail  => $db->pg_error_field('message_detail'),
        hint    => $db->pg_error_field('message_hint'),
        at      => substr($sent, $db->pg_error_field('statement_position') - 1),
    });
    $recover->() if $recover;
    return { %result, after => $db->selectrow_array('SELECT ?::text', undef, 'fine') };
}

my (%same, %rows, %filters);
$same{login}  = all('SELECT current_user, system_user, current_database()');
$same{simple} = [ all('SELECT * FROM plain.people ORDER BY id'), $db->do('SELECT 1; SELECT 2') ];

my $sth = $db->prepare('SELECT ?::int, ?::bigint, ?::numeric, ?::text, ?::bytea, ?::bool, ?::date, ?::timestamptz, ?::json, ?::uuid, ?::int[], ?::text[], ?::float8, ?::text');
$sth->bind_param(5, "\x00\xff\\'", { pg_type => PG_BYTEA });
my @values = (-41, '9007199254740993', '12.3400', "it's \\ \"é\" 漢", undef, 1, '2024-02-29', '2024-02-29 10:11:12.345+00',
    '{"a": [1, null]}', '6f1b1d52-2f0c-4b0a-9f0b-0123456789ab', [ 1, -2, 3 ], [ 'a', 'b c', '"', '' ], 0.1, undef);
for my $n (1 .. @values) { $sth->bind_param($n, $values[ $n - 1 ]) if $n != 5 }
$sth->execute;
$same{parameters} = $sth->fetchall_arrayref;

my $by_id = $db->prepare('SELECT email FROM plain.people WHERE id = ?');
$same{prepared} = [ map { $by_id->execute($_ % 4); $by_id->fetchall_arrayref } 0 .. 9 ];
my $kinds = $db->prepare('SELECT * FROM plain.kinds WHERE id IN (1, 3) ORDER BY id');
$kinds->execute;
$same{types} = [ $kinds->{NAME}, $kinds->{TYPE}, $kinds->{PRECISION}, $kinds->fetchall_arrayref ];
$same{cursor} = undone(sub {
    $db->do('DECLARE c CURSOR FOR SELECT n FROM plain.lines ORDER BY n');
    return map { all('FETCH 700 FROM c') } 1 .. 3;
});
$same{transactions} = [
    undone(sub {
        $db->do('INSERT INTO plain.people VALUES (?, ?, ?)', undef, 60, 'sixty@plain.test', 60);
        $db->pg_savepoint('s');
        my $failed = error_of(sub { $db->do("INSERT INTO plain.people VALUES (1, 'x')") });
        my $aborted = error_of(sub { all('SELECT 1') });
        $db->pg_rollback_to('s');
        return ($failed, $aborted, all('SELECT count(*) FROM plain.people'));
    }),
    all('SELECT count(*) FROM plain.people'), $db->ping,
];
$same{errors} = [
    map { my $query = $_; error_of(sub { all($query) }) } 'SELECT nothing FROM plain.people', 'SELEC 1', 'SELECT 1/0',
    "SELECT plain.fail('x')", "INSERT INTO plain.people VALUES (1, 'x')",
];
$same{batch} = undone(sub {
    my $insert = $db->prepare('INSERT INTO plain.people VALUES (?, ?, ?)');
    my $count = $insert->execute_array(undef, [ 100 .. 149 ], [ map { "p$_" } 100 .. 149 ], 30);
    return ($count, all('SELECT count(*), sum(age) FROM plain.people'));
});
$same{copy} = undone(sub {
    $db->do('COPY plain.lines (n, word) FROM STDIN');
    $db->pg_putcopydata("$_\tcopied\n") for 100000 .. 102999;
    $db->pg_putcopyend;
    my $read = all('SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000');
    return ($read, copy_out('COPY (SELECT * FROM plain.people ORDER BY id) TO STDOUT (FORMAT csv)'));
});

sub copy_out {
    my ($query) = @_;
    $db->do($query);
    my ($line, @lines) = ('');
    push @lines, $line =~ s/\n//r while $db->pg_getcopydata(\$line) >= 0;
    return \@lines;
}

$db->do('LISTEN chat');
$db->do("NOTIFY chat, 'hello'");
my $notified = $db->pg_notifies;
$same{notifications} = [ @$notified[ 0, 2 ] ];
my @notices;
{ local $SIG{__WARN__} = sub { push @notices, @_ }; local $db->{PrintWarn} = 1; all("SELECT plain.warn('perl')"); }
$same{notices} = [ map { s/ at \/.*//sr } @notices ];
{
    my $sleeping = $db->prepare('SELECT pg_sleep(20)', { pg_async => PG_ASYNC });
    $sleeping->execute;
    select(undef, undef, undef, 0.2);
    $same{cancel} = [ $db->pg_cancel, all("SELECT 'after'") ];
}
$same{metadata} = [
    $db->column_info(undef, 'public', 'orders', '%')->fetchall_arrayref([ 2 .. 6 ]),
    $db->primary_key_info(undef, 'public', 'orders')->fetchall_arrayref([ 1 .. 5 ]),
    $db->foreign_key_info(undef, 'public', 'orders', undef, undef, undef)->fetchall_arrayref,
    [ $db->tables('', 'plain', '', 'TABLE') ],
    $db->statistics_info(undef, 'public', 'orders', 0, 0)->fetchall_arrayref([ 1 .. 8 ]),
    $db->{pg_server_version},
];
$same{returning} = undone(sub {
    return map { all(@$_) } [ 'INSERT INTO plain.people VALUES (?, ?, ?) RETURNING *', 70, 'new@plain.test', 30 ],
      [ 'UPDATE orders SET notes = ? WHERE id = 900011 RETURNING id, buyer_name', 'seen' ];
});
$same{large} = sha256_hex(encode_json(all("SELECT n, repeat(chr(97 + n % 26), 500) FROM generate_series(1, 5000) n")));
my $allowed = $db->prepare($by_channel);
my $any     = $db->prepare('SELECT id FROM orders WHERE channel = ANY(?) AND buyer_email = ?');
$same{orders} = [
    all('SELECT * FROM orders WHERE id BETWEEN 900011 AND 900014 ORDER BY id'),
    all('SELECT channel, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 1'),
    (map { $allowed->execute('Edda Ebert', 'ebay'); $allowed->fetchall_arrayref } 1 .. 4),
    (map { $any->execute([ 'ebay', 'shopify' ], 'edda@known.test'); $any->fetchall_arrayref } 1 .. 2),
];

my $prepared = $db->prepare($by_ids);
my $unprepared = $db->prepare($by_ids, { pg_server_prepare => 0 });
$rows{simple} = rows_of(all($redacted));
for my $way (1 .. 3) { $prepared->execute(900001, 900003); $rows{"prepared, $way"} = rows_of($prepared->fetchall_arrayref) }
$unprepared->execute(900001, 900003);
$rows{unprepared} = rows_of($unprepared->fetchall_arrayref);
$rows{copy} = rows_of([ map { [ map { $_ eq '\\N' ? undef : $_ } split /\t/, $_, -1 ] } @{ copy_out("COPY ($redacted) TO STDOUT") } ]);

$filters{alone} = filtered($filter, sub { all($filter, 'Alan Archer') });
$filters{'by a parameter'} = filtered($by_channel, sub { $allowed->execute('Alan Archer', 'amazon'); $allowed->fetchall_arrayref });
$db->begin_work;
$filters{transaction} = filtered($filter, sub { all($filter, 'Alan Archer') }, sub { $db->rollback });
$db->begin_work;
$db->pg_savepoint('s');
$filters{savepoint} = filtered($filter, sub { all($filter, 'Alan Archer') }, sub { $db->pg_rollback_to('s') });
$db->rollback;
$db->disconnect;
print JSON::PP->new->canonical->ascii->encode({ same => \%same, rows => \%rows, filters => \%filters });
