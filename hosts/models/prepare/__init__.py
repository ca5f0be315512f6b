"""Makes a network ready on the controller: conversion, files, work. Needs TensorFlow."""
