package mongodb

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// direct returns a connection to one member, which ends with t.
func direct(t *testing.T, dsn string) *mongo.Client {
	t.Helper()
	c, err := mongo.Connect(options.Client().ApplyURI(dsn).SetDirect(true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second) // the server may be gone
		defer cancel()
		c.Disconnect(ctx)
	})
	return c
}

// command runs a command in the database admin and returns its answer.
func command(t *testing.T, c *mongo.Client, command bson.D) bson.M {
	t.Helper()
	answer, err := tryCommand(t, c, command)
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	return answer
}

func tryCommand(t *testing.T, c *mongo.Client, command bson.D) (answer bson.M, err error) {
	err = c.Database("admin").RunCommand(t.Context(), command).Decode(&answer)
	return answer, err
}

// awaited calls done until it returns true.
func awaited(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// replicaSet returns a primary and a secondary, and an administrator's connection to the primary. The user gatewatch has
// the role that the documentation names.
func replicaSet(t *testing.T) (primary, secondary *servicetest.Server, admin *mongo.Client) {
	t.Helper()
	const key = "a2V5LW9mLXRoZS10ZXN0cw=="
	primary, secondary = servicetest.MongoDB(t, key), servicetest.MongoDB(t, key)
	first := direct(t, primary.URL)
	command(t, first, bson.D{{Key: "replSetInitiate", Value: bson.M{"_id": "rs0", "members": bson.A{
		bson.M{"_id": 0, "host": primary.Addr, "priority": 2}, bson.M{"_id": 1, "host": secondary.Addr, "priority": 0, "votes": 0}},
		"settings": bson.M{"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200}}}})
	awaited(t, "a primary", func() bool { return command(t, first, bson.D{{Key: "hello", Value: 1}})["isWritablePrimary"] == true })
	command(t, first, bson.D{{Key: "createUser", Value: servicetest.Admin}, {Key: "pwd", Value: servicetest.Password}, {Key: "roles", Value: bson.A{"root"}}})
	admin = direct(t, fmt.Sprintf("mongodb://%s:%s@%s/?authSource=admin", servicetest.Admin, servicetest.Password, primary.Addr))
	command(t, admin, bson.D{{Key: "createUser", Value: "gatewatch"}, {Key: "pwd", Value: "gw"}, {Key: "roles", Value: bson.A{"clusterMonitor"}}})
	other := direct(t, agentDSN(secondary))
	awaited(t, "a secondary with all users", func() bool {
		answer, err := tryCommand(t, other, bson.D{{Key: "hello", Value: 1}})
		return err == nil && answer["secondary"] == true
	})
	return primary, secondary, admin
}

func agentDSN(s *servicetest.Server) string {
	return "mongodb://gatewatch:gw@" + s.Addr + "/?authSource=admin"
}

// status returns what serverStatus says.
func status(t *testing.T, c *mongo.Client) any {
	t.Helper()
	return command(t, c, bson.D{{Key: "serverStatus", Value: 1}, {Key: "oplog", Value: 1}})
}

// inside returns what stands at a path in a document.
func inside(at any, path ...string) any {
	for _, key := range path {
		at = mongoDocument(at)[key]
	}
	return at
}

// TestReplicaSet compares what is told of both members with what they say themselves, to a user with the documented role.
func TestReplicaSet(t *testing.T) {
	t.Parallel()
	primary, secondary, admin := replicaSet(t)
	if _, err := admin.Database("ledger").Collection("payments").InsertMany(t.Context(), []any{bson.M{"_id": 1}, bson.M{"_id": 2}, bson.M{"_id": 3}}); err != nil {
		t.Fatal(err)
	}
	for state, s := range map[string]*servicetest.Server{"1": primary, "2": secondary} {
		w, own, at := watchMongo(t, agentDSN(s), 0), mongoLabelsAt(s.Addr), fmt.Sprintf("{instance=%q,", s.Addr)
		part := `gatewatch_collector_part_success{collector="mongodb_main",part=`
		member := func(s *servicetest.Server, state string) string {
			return at + fmt.Sprintf(`member_idx=%q,member_state=%q,name="main",rs_nm="rs0",set="rs0"} `, s.Addr, state)
		}
		w.Await(t, "mongodb_up"+own+"1", part+`"status"} 1`, part+`"replset"} 1`, part+`"oplog"} 1`, part+`"operations"} 1`,
			"mongodb_rs_myState"+at+`name="main",rs_nm="rs0",set="rs0"} `+state,
			"mongodb_rs_members_state"+member(primary, "PRIMARY")+"1", "mongodb_rs_members_state"+member(secondary, "SECONDARY")+"2",
			"mongodb_rs_members_health"+member(secondary, "SECONDARY")+"1",
			"mongodb_mongod_replset_member_replication_lag"+at+fmt.Sprintf(`name="main",name_of_member=%q,set="rs0",state="SECONDARY"} 0`, secondary.Addr),
			"mongodb_currentop_waiting_for_lock"+own+"0", "mongodb_currentop_long_running"+own+"0", "mongodb_currentop_longest_seconds"+own+"0",
			"mongodb_ss_mem_bits"+own+"64", "mongodb_ss_flowControl_isLagged"+own+"0", `mongodb_ss_asserts{assert_type="tripwire",`+at[1:]+`name="main"} 0`,
			"mongodb_ss_wt_concurrentTransactions_totalTickets"+at+`name="main",txn_rw="write",txn_rw_type="write"} 128`)
		c := direct(t, agentDSN(s))
		before := status(t, c)
		w.AllDue()
		text := w.Collect(t)
		after := status(t, c)
		// What a server counts grows meanwhile: the secondary still writes what the primary has.
		f := func(series string, slack float64, path ...string) {
			t.Helper()
			low, ok := mongoNumber(inside(before, path...))
			high, still := mongoNumber(inside(after, path...))
			if got := collecttest.SampleOf(t, text, series); !ok || !still || got < min(low, high)-slack || got > max(low, high)+slack {
				t.Errorf("%s is %v, serverStatus says %v and then %v for %v", series, got, low, high, path)
			}
		}
		end := `name="main"}`
		f("mongodb_ss_wt_cache_maximum_bytes_configured"+at+end, 0, "wiredTiger", "cache", "maximum bytes configured")
		f("mongodb_ss_opcounters"+at+`legacy_op_type="insert",`+end, 2, "opcounters", "insert")
		f("mongodb_ss_opcountersRepl"+at+`legacy_op_type="insert",`+end, 2, "opcountersRepl", "insert")
		f(`mongodb_ss_connections{conn_type="current",`+at[1:]+end, 10, "connections", "current")
		f("mongodb_ss_uptime"+at+end, 30, "uptime")
		f("mongodb_mongod_replset_oplog_tail_timestamp"+at+end, 0, "oplog", "earliestOptime")
		f("mongodb_mongod_replset_oplog_head_timestamp"+at+end, 60, "oplog", "latestOptime")
		if log := w.Log.String(); strings.Contains(log, "collector fails") && w.Late() == 0 {
			t.Errorf("the log says %s", log)
		}
	}

	w := watchMongo(t, agentDSN(secondary), 0)
	primary.Kill()
	w.Await(t, fmt.Sprintf(`mongodb_rs_members_health{instance=%q,member_idx=%q,member_state="(not reachable/healthy)",name="main",rs_nm="rs0",set="rs0"} 0`,
		secondary.Addr, primary.Addr))
}

// TestOperationsWait has a write wait for the lock that a backup holds, and a search take long.
func TestOperationsWait(t *testing.T) {
	t.Parallel()
	primary, _, admin := replicaSet(t)
	payments := admin.Database("ledger").Collection("payments")
	if _, err := payments.InsertOne(t.Context(), bson.M{"_id": 1}); err != nil {
		t.Fatal(err)
	}
	w, own := watchMongo(t, agentDSN(primary), 0), mongoLabelsAt(primary.Addr)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	t.Cleanup(cancel)
	running.Go(func() { payments.FindOne(ctx, bson.M{"$where": "sleep(600000) || true"}) })
	w.Await(t, "mongodb_currentop_longest_seconds"+own+"1")
	command(t, admin, bson.D{{Key: "fsync", Value: 1}, {Key: "lock", Value: true}})
	running.Go(func() { payments.InsertOne(ctx, bson.M{"_id": 2}) })
	w.Await(t, "mongodb_currentop_waiting_for_lock"+own+"1")
	command(t, admin, bson.D{{Key: "fsyncUnlock", Value: 1}})
	w.Await(t, "mongodb_currentop_waiting_for_lock"+own+"0", "mongodb_currentop_long_running"+own+"1")

	command(t, admin, bson.D{{Key: "createUser", Value: "poor"}, {Key: "pwd", Value: "gw"}, {Key: "roles", Value: bson.A{}}})
	poor := watchMongo(t, strings.Replace(agentDSN(primary), "gatewatch:", "poor:", 1), 0)
	collecttest.Expect(t, poor.Collect(t), "mongodb_up"+own+"1", `gatewatch_collector_part_success{collector="mongodb_main",part="status"} 0`)
	if log := poor.Log.String(); !strings.Contains(log, "docs/collectors.md lists the rights") {
		t.Errorf("the log says %s, want what to do about a user without the role", log)
	}
	wrong := watchMongo(t, strings.Replace(agentDSN(primary), ":gw@", ":tell-nobody@", 1), 0)
	collecttest.Expect(t, wrong.Collect(t), "mongodb_up"+own+"0")
	if log := wrong.Log.String(); !strings.Contains(log, "check user, password and authSource") || strings.Contains(log, "tell-nobody") {
		t.Errorf("the log says %s, want what to do and no password", log)
	}
}
