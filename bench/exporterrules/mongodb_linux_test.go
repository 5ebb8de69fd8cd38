package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"gatewatch/internal/servicetest"
)

// startMongoDB starts two members of a replica set, whose user gatewatch has the role that docs/collectors.md names.
func (s *servers) startMongoDB(b *testing.B) {
	b.Helper()
	const key = "a2V5LW9mLXRoZS1iZW5jaA=="
	s.mongodb = []*servicetest.Server{servicetest.MongoDB(b, key), servicetest.MongoDB(b, key)}
	first := s.mongodb[0]
	doMongoDB(b, first.URL, bson.D{{Key: "replSetInitiate", Value: bson.M{"_id": "rs0", "members": bson.A{
		bson.M{"_id": 0, "host": first.Addr, "priority": 2}, bson.M{"_id": 1, "host": s.mongodb[1].Addr, "priority": 0, "votes": 0}}}}})
	for deadline := time.Now().Add(time.Minute); doMongoDB(b, first.URL, bson.D{{Key: "hello", Value: 1}})["isWritablePrimary"] != true; {
		if time.Now().After(deadline) {
			b.Fatal("MongoDB has no primary")
		}
		time.Sleep(50 * time.Millisecond)
	}
	doMongoDB(b, first.URL, bson.D{{Key: "createUser", Value: servicetest.Admin}, {Key: "pwd", Value: servicetest.Password}, {Key: "roles", Value: bson.A{"root"}}})
	admin := fmt.Sprintf("mongodb://%s:%s@%s/?authSource=admin", servicetest.Admin, servicetest.Password, first.Addr)
	doMongoDB(b, admin, bson.D{{Key: "createUser", Value: "gatewatch"}, {Key: "pwd", Value: "p"}, {Key: "roles", Value: bson.A{"clusterMonitor"}}})
}

// doMongoDB runs a command and returns its answer.
func doMongoDB(b *testing.B, dsn string, command bson.D) (answer bson.M) {
	b.Helper()
	c, err := mongo.Connect(options.Client().ApplyURI(dsn).SetDirect(true))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Disconnect(context.WithoutCancel(b.Context()))
	if err := c.Database("admin").RunCommand(b.Context(), command).Decode(&answer); err != nil {
		b.Fatalf("%v: %v", command, err)
	}
	return answer
}
