"""Makes a network ready on the controller: conversion, cut points, work. Needs TensorFlow."""
