"""Faults on real processes: services, Kafka and PostgreSQL are killed, paused and flooded under load; afterwards it is checked
that every acknowledged command has had its effect once.
"""
