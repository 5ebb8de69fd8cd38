package mongodb

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.mongodb.org/mongo-driver/v2/bson"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/secret"
)

// The kinds of messages of MongoDB's protocol that a client of today sends.
const (
	mongoReply = 1
	mongoQuery = 2004
	mongoMsg   = 2013
)

// scriptedMongo returns the address of a server that speaks MongoDB's protocol and answers commands by their names.
func scriptedMongo(t *testing.T, answers map[string]bson.M) string {
	t.Helper()
	return collecttest.Listen(t, func(conn net.Conn) { answerMongo(conn, answers) })
}

func answerMongo(conn net.Conn, answers map[string]bson.M) {
	for {
		head := make([]byte, 16)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint32(head)-16)
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		kind := binary.LittleEndian.Uint32(head[12:])
		document := body[4:] // flags, then collection, skip and return, or the kind of the section
		if kind == mongoQuery {
			document = document[strings.IndexByte(string(document), 0)+1+8:]
		} else {
			document = document[1:]
		}
		answer, err := bson.Marshal(mongoAnswer(document, answers))
		if err != nil {
			return
		}
		reply, code := []byte{0, 0, 0, 0, 0}, uint32(mongoMsg) // no flags, a section of kind 0
		if kind == mongoQuery {
			reply, code = append(make([]byte, 16), 1, 0, 0, 0), mongoReply
			reply = reply[:20]
		}
		reply = append(reply, answer...)
		out := binary.LittleEndian.AppendUint32(nil, uint32(16+len(reply)))
		out = append(binary.LittleEndian.AppendUint32(out, 7), head[4:8]...)
		out = append(binary.LittleEndian.AppendUint32(out, code), reply...)
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

func mongoAnswer(document bson.Raw, answers map[string]bson.M) bson.M {
	elements, err := document.Elements()
	if err != nil || len(elements) == 0 {
		return bson.M{"ok": 0}
	}
	command := elements[0].Key()
	fields := map[string]bool{}
	for _, e := range elements {
		if fields[e.Key()] {
			return bson.M{"ok": 0, "code": 40413, "codeName": "Location40413", "errmsg": "BSON field 'APIParametersFromClient." + e.Key() + "' is a duplicate field"}
		}
		fields[e.Key()] = true
	}
	switch {
	case strings.EqualFold(command, "isMaster"), command == "hello":
		return bson.M{"ok": 1, "isWritablePrimary": true, "ismaster": true, "helloOk": true, "maxBsonObjectSize": 16 << 20,
			"maxMessageSizeBytes": 48 << 20, "maxWriteBatchSize": 100000, "minWireVersion": 0, "maxWireVersion": 21, "setName": "rs0"}
	case command == "ping", command == "endSessions":
		return bson.M{"ok": 1}
	}
	if _, err := document.LookupErr("oplog"); err == nil && command == "serverStatus" {
		command = "oplog"
	}
	if answer, ok := answers[command]; ok {
		return answer
	}
	return bson.M{"ok": 0, "code": 59, "codeName": "CommandNotFound", "errmsg": "no such command"}
}

// mongoAnswers are what a primary of version 7 says, as far as it is documented.
func mongoAnswers() map[string]bson.M {
	at := func(seconds int64) bson.DateTime { return bson.DateTime(seconds * 1000) }
	return map[string]bson.M{
		"serverStatus": {"ok": 1, "host": "ledger:27017", "uptime": 4000.0, "pid": int64(7),
			"connections":    bson.M{"current": 12, "available": 800, "totalCreated": 99, "active": 3},
			"opcounters":     bson.M{"insert": int64(4), "query": int64(2118), "command": int64(67923)},
			"asserts":        bson.M{"regular": 0, "warning": 0, "msg": 0, "user": 42, "rollovers": 0},
			"mem":            bson.M{"bits": 64, "resident": 120, "virtual": 2600, "supported": true},
			"network":        bson.M{"bytesIn": int64(1000), "bytesOut": int64(2000), "numRequests": int64(30)},
			"globalLock":     bson.M{"currentQueue": bson.M{"total": 3, "readers": 1, "writers": 2}, "activeClients": bson.M{"total": 5}},
			"opLatencies":    bson.M{"reads": bson.M{"latency": int64(900), "ops": int64(10)}},
			"flowControl":    bson.M{"enabled": true, "isLagged": false, "targetRateLimit": int32(1000000)},
			"repl":           bson.M{"setName": "rs0", "isWritablePrimary": true, "hosts": bson.A{"a", "b"}},
			"metrics":        bson.M{"cursor": bson.M{"timedOut": int64(2), "open": bson.M{"total": int64(7), "pinned": int64(1)}}, "commands": bson.M{"find": bson.M{"total": int64(9)}}},
			"wiredTiger":     bson.M{"cache": bson.M{"bytes currently in the cache": 5000, "tracked dirty bytes in the cache": 10}, "concurrentTransactions": bson.M{"write": bson.M{"out": 1, "available": 127, "totalTickets": 128}}},
			"transactions":   bson.M{"currentOpen": int64(1), "totalAborted": int64(2)},
			"storageEngine":  bson.M{"name": "wiredTiger"},
			"someNewSection": bson.M{"x": 1}},
		"oplog": {"ok": 1, "oplog": bson.M{"latestOptime": bson.M{"ts": bson.Timestamp{T: 1700086400, I: 1}, "t": int64(3)}, "earliestOptime": bson.Timestamp{T: 1700000000, I: 5}}},
		"replSetGetStatus": {"ok": 1, "set": "rs0", "myState": 1, "term": int64(3), "members": bson.A{
			bson.M{"_id": 0, "name": "a:27017", "health": 1.0, "state": 1, "stateStr": "PRIMARY", "uptime": 4000, "optimeDate": at(1700086400), "optime": bson.M{"ts": bson.Timestamp{T: 1700086400}}, "self": true},
			bson.M{"_id": 1, "name": "b:27017", "health": 1.0, "state": 2, "stateStr": "SECONDARY", "uptime": 3000, "optimeDate": at(1700086355)},
			bson.M{"_id": 2, "name": "c:27017", "health": 0.0, "state": 8, "stateStr": "(not reachable/healthy)", "uptime": 0, "optimeDate": at(0)}}},
		"aggregate": {"ok": 1, "cursor": bson.M{"id": int64(0), "ns": "admin.$cmd.aggregate", "firstBatch": bson.A{bson.M{"_id": nil, "waiting": 2, "long": 1, "longest": int64(75)}}}},
	}
}

func watchMongo(t *testing.T, dsn string, timeout time.Duration) *collecttest.Watched {
	t.Helper()
	w := collecttest.NewWatched()
	c := Config{collect.DSNConfig{ServerConfig: collect.ServerConfig{Name: "main", Timeout: model.Duration(timeout)}, DSN: secret.Secret(dsn)}}
	collect.SetDefault(&c.Timeout, model.Duration(time.Minute)) // one that is not reached
	c.SetDefaults()
	s, err := newMongoDB(c)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.Serve(t, w, s)
	return w
}

func TestMongoDB(t *testing.T) {
	t.Parallel()
	answers := mongoAnswers()
	addr := scriptedMongo(t, answers)
	w := watchMongo(t, "mongodb://"+addr, 0)
	at := fmt.Sprintf("instance=%q,", addr)
	end := `name="main"} `
	text := w.Collect(t)
	collecttest.Expect(t, text, "mongodb_up{"+at+end+"1", `mongodb_ss_connections{conn_type="available",`+at+end+"800", `mongodb_ss_uptime{`+at+end+"4000",
		`mongodb_ss_opcounters{`+at+`legacy_op_type="query",`+end+"2118", `mongodb_ss_asserts{assert_type="user",`+at+end+"42", `mongodb_ss_mem_resident{`+at+end+"120",
		`mongodb_ss_globalLock_currentQueue{count_type="writers",`+at+end+"2", `mongodb_ss_globalLock_activeClients_total{`+at+end+"5",
		`mongodb_ss_opLatencies_ops{`+at+`name="main",op_type="reads"} 10`, `mongodb_ss_metrics_cursor_open{csr_type="total",`+at+end+"7",
		`mongodb_ss_metrics_cursor_timedOut{`+at+end+"2", `mongodb_ss_wt_cache_bytes_currently_in_the_cache{`+at+end+"5000", `mongodb_ss_repl_isWritablePrimary{`+at+end+"1",
		`mongodb_ss_wt_concurrentTransactions_available{`+at+`name="main",txn_rw="write",txn_rw_type="write"} 127`, `mongodb_ss_flowControl_isLagged{`+at+end+"0",
		`mongodb_rs_members_state{`+at+`member_idx="c:27017",member_state="(not reachable/healthy)",name="main",rs_nm="rs0",set="rs0"} 8`,
		`mongodb_rs_members_health{`+at+`member_idx="c:27017",member_state="(not reachable/healthy)",name="main",rs_nm="rs0",set="rs0"} 0`,
		`mongodb_rs_members_optimeDate{`+at+`member_idx="a:27017",member_state="PRIMARY",name="main",rs_nm="rs0",set="rs0"} 1.7000864e+12`,
		`mongodb_rs_myState{`+at+`name="main",rs_nm="rs0",set="rs0"} 1`,
		`mongodb_mongod_replset_member_replication_lag{`+at+`name="main",name_of_member="b:27017",set="rs0",state="SECONDARY"} 45`,
		`mongodb_mongod_replset_oplog_head_timestamp{`+at+end+"1.7000864e+09", `mongodb_mongod_replset_oplog_tail_timestamp{`+at+end+"1.7e+09",
		`mongodb_currentop_waiting_for_lock{`+at+end+"2", `mongodb_currentop_long_running{`+at+end+"1", `mongodb_currentop_longest_seconds{`+at+end+"75",
		`gatewatch_collector_success{collector="mongodb_main"} 1`)
	for _, hidden := range []string{"someNewSection", "commands", "_pid"} {
		if strings.Contains(text, "mongodb_ss_"+hidden) || strings.Contains(text, "mongodb_ss_metrics_"+hidden) {
			t.Errorf("%s is told", hidden)
		}
	}
}

// TestMongoDBAlone asks a server without a set, of which the user may not know what others do.
func TestMongoDBAlone(t *testing.T) {
	t.Parallel()
	answers := mongoAnswers()
	answers["replSetGetStatus"] = bson.M{"ok": 0, "code": 76, "codeName": "NoReplicationEnabled", "errmsg": "not running with --replSet"}
	answers["aggregate"] = bson.M{"ok": 0, "code": 13, "codeName": "Unauthorized", "errmsg": "not authorized on admin to execute command { aggregate: 1, x: 4111111111111111 }"}
	addr := scriptedMongo(t, answers)
	w := watchMongo(t, "mongodb://"+addr, 0)
	text := w.Collect(t)
	collecttest.Expect(t, text, fmt.Sprintf(`mongodb_up{instance=%q,name="main"} 1`, addr), `gatewatch_collector_part_success{collector="mongodb_main",part="replset"} 1`,
		`gatewatch_collector_part_success{collector="mongodb_main",part="operations"} 0`)
	if log := w.Log.String(); !strings.Contains(log, "docs/collectors.md lists the rights") || strings.Contains(log, "41111111") {
		t.Errorf("the log says %s", log)
	}
	if members := collecttest.SamplesOf(text, "mongodb_rs_"); members != "" {
		t.Errorf("without a set there is %s", members)
	}
}

// TestMongoDBSilent has a server that takes connections and never says a word, and one that is not there.
// TestMongoDBArbiter asks a member that holds no data.
func TestMongoDBArbiter(t *testing.T) {
	t.Parallel()
	answers := mongoAnswers()
	answers["aggregate"] = bson.M{"ok": 0, "code": 13436, "codeName": "NotPrimaryOrSecondary", "errmsg": "node is not in primary or recovering state"}
	w := watchMongo(t, "mongodb://"+scriptedMongo(t, answers), 0)
	text := w.Collect(t)
	collecttest.Expect(t, text, `gatewatch_collector_part_success{collector="mongodb_main",part="operations"} 1`, `gatewatch_collector_success{collector="mongodb_main"} 1`)
	if strings.Contains(text, "mongodb_currentop_") {
		t.Errorf("a member on which nobody works counts operations:\n%s", collecttest.SamplesOf(text, "mongodb_currentop_"))
	}
}

// TestMongoDBAnswersTooMuch has a server say more than anybody would, after an answer that is long enough.
func TestMongoDBAnswersTooMuch(t *testing.T) {
	t.Parallel()
	piece := make([]byte, 1<<20)
	addr := collecttest.Listen(t, func(conn net.Conn) {
		question := make([]byte, 4)
		for _, pieces := range []int{maxAnswer >> 20, 2 * maxAnswer >> 20} {
			if _, err := io.ReadFull(conn, question); err != nil {
				return
			}
			for range pieces {
				if _, err := conn.Write(piece); err != nil {
					return
				}
			}
		}
	})
	o, err := mongoOptions("mongodb://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := o.Dialer.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := func(bytes int64) (int64, error) {
		t.Helper()
		if _, err := io.WriteString(conn, "tell"); err != nil {
			t.Fatal(err)
		}
		return io.CopyN(io.Discard, conn, bytes)
	}
	if n, err := ask(maxAnswer); n != maxAnswer || err != nil {
		t.Errorf("of the longest answer %d bytes were read: %v", n, err)
	}
	if n, err := ask(maxAnswer + 1); n > maxAnswer || err == nil || !strings.Contains(err.Error(), "more than 16777216 bytes") {
		t.Errorf("of one that is longer %d bytes were read: %v", n, err)
	}
}

func TestMongoDBSilent(t *testing.T) {
	t.Parallel()
	addr, _ := collecttest.SilentServer(t)
	for _, at := range []string{addr, collecttest.FreeAddress(t)} {
		w := watchMongo(t, "mongodb://gatewatch:tell-nobody@"+at+"/?authSource=admin", time.Second)
		collecttest.Expect(t, w.CollectOnce(t), fmt.Sprintf(`mongodb_up{instance=%q,name="main"} 0`, at))
		if log := w.Log.String(); !strings.Contains(log, "collector fails") || strings.Contains(log, "tell-nobody") {
			t.Errorf("the log says %s", log)
		}
	}
}

func TestMongoDBDSN(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, dsn string, ok bool) {
		t.Helper()
		if _, err := mongoOptions(dsn); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("mongoOptions(%q) = %v, want ok %v", dsn, err, ok)
		}
	}
	f(t, "mongodb://a:geheim@h:27017/?authSource=admin", true)
	f(t, "mongodb://h", true)
	f(t, "mongodb://a:geheim@h,i/", false)
	f(t, "mongodb+srv://a:geheim@h/", false)
	f(t, "mongodb://a:ge%heim@h/", false)
	f(t, "h:27017", false)
}
